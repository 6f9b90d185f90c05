"""Two setups of one server at once: step by step, one after the other."""

from __future__ import annotations

from dataclasses import replace

from windlass.plan import Plan, Stage, Step
from windlass.shell import Command, all_of, quote

PATIENCE = 1800
"""Seconds that another setup is waited for."""
_FILE = "/run/windlass-setup.lock"
_BUSY = f"another setup has not let go of {_FILE} for {PATIENCE // 60} minutes: fuser -v {_FILE} names it"
LOCK = Command(
    # /run is root's own: nobody else can hold it, or put a link there.
    f"(umask 077 && : >>{_FILE})\n"
    f"exec 9>>{_FILE}\n"
    f"flock --wait {PATIENCE} 9 || {{ echo {quote(_BUSY)} >&2; exit 1; }}"
)
"""Waits; each step finds what another setup did meanwhile, and can be repeated. No step leaves a daemon behind."""


def serial(plan: Plan) -> Plan:
    """The plan whose steps wait for those of another setup."""
    return replace(plan, stages=tuple(map(_stage, plan.stages)))


def _stage(stage: Stage) -> Stage:
    return replace(stage, steps=tuple(map(_step, stage.steps)))


def _step(step: Step) -> Step:
    return replace(step, action=all_of(LOCK, step.action)) if isinstance(step.action, Command) else step
