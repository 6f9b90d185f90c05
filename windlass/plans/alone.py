"""A database is changed by one host at a time: the lock that every plan takes before its first change of it."""

from __future__ import annotations

from windlass.commands.exclusive import hold
from windlass.plan import Stage, Step


def stage(sure: str) -> Stage:
    """Hold the database's lock until a stage that frees, or the run's end; `sure` is what holds where it cannot."""
    step = Step(
        "hold the database's lock",
        hold(),
        timeout=60,
        environment=("database",),
        hint=f"{sure}; it frees itself when that run ends, and this can then be tried again",
        holds=True,
    )
    return Stage("alone", (step,), ordered=True)
