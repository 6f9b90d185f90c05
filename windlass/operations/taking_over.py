"""The hosts of a rollback, each with its lock: taken over from a run that holds it, or refused before any is ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from windlass.errors import LockHeld, together
from windlass.operations.crew import LOOKING, Crew, crew
from windlass.operations.request import Request
from windlass.remote.opening import Entry

PATIENCE = 15.0
"""Seconds for which a step that must not be cut short, such as a migration, is waited for."""


@contextmanager
def taking_over(request: Request, what: str, *, spares: tuple[str, ...] = ()) -> Iterator[Crew]:
    """As `crew`, lenient; whoever holds a lock is ended as if cancelled, but for the commands that it `spares`.

    Raises LockHeld for those, and where a step must not be cut short. Of several hosts all are looked at first: a
    run on two of them is not ended on one because it may not be on the other.
    """
    if len(request.hosts) > 1:
        with crew(request, what, entry=Entry(patience=PATIENCE), lenient=True) as hosts:
            held = _held(hosts)
            _refuse([error for error in held.values() if _is_left_alone(error, spares)])
            if not held:
                yield hosts
                return
    entry = Entry("take-over", spares=spares, patience=PATIENCE)
    with crew(request, what, entry=entry, lenient=True) as hosts:
        _refuse(list(_held(hosts).values()))
        yield hosts


@contextmanager
def as_if_taking_over(request: Request, what: str, *, spares: tuple[str, ...] = ()) -> Iterator[Crew]:
    """As `taking_over`, for a dry run: nobody is ended, and a warning says from whom the lock would be taken over."""
    with crew(request, what, lenient=True, aside=True) as hosts:
        held = _held(hosts)
        _refuse([error for error in held.values() if _is_left_alone(error, spares)])
        if not held:
            yield hosts
            return
    with crew(request, what, entry=LOOKING, lenient=True, aside=True) as hosts:
        for name, error in held.items():
            one = error.holder
            by = f"{one.get('what', 'another run')} by {one.get('who', 'somebody')}"
            step = f", which is at the step {one['step']}" if one.get("step") else ""
            text = f"this would take over from {by}{step}; what is shown is by what the server has now"
            hosts.warn(name, text)
        yield hosts


def _held(hosts: Crew) -> dict[str, LockHeld]:
    return {name: error for name, error in hosts.missing.items() if isinstance(error, LockHeld)}


def _is_left_alone(error: LockHeld, spares: tuple[str, ...]) -> bool:
    return bool(error.holder.get("uninterruptible")) or error.holder.get("what") in spares


def _refuse(errors: list[LockHeld]) -> None:
    if errors:
        raise together(errors)
