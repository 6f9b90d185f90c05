"""Two setups of one server at once: step by step, one after the other."""

from __future__ import annotations

from dataclasses import replace

from windlass.plan import Plan, Stage, Step
from windlass.shell import Command, all_of

LOCK = Command("exec 9>>/run/lock/windlass-setup && flock 9")
"""Waits; each step finds what another setup did meanwhile, and can be repeated. No step leaves a daemon behind."""


def serial(plan: Plan) -> Plan:
    """The plan whose steps wait for those of another setup."""
    return replace(plan, stages=tuple(map(_stage, plan.stages)))


def _stage(stage: Stage) -> Stage:
    return replace(stage, steps=tuple(map(_step, stage.steps)))


def _step(step: Step) -> Step:
    return replace(step, action=all_of(LOCK, step.action)) if isinstance(step.action, Command) else step
