"""What a command would run, as a text to be typed by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from windlass.plan import Plan, Step


def print_plan(host: str, plan: Plan) -> None:
    """Print a plan as commented shell text."""
    from windlass.report.runbook import runbook

    steps = [
        (stage.name, step.title, text_of(step), step.unchanged)
        for stage in plan.stages
        for step in stage.steps
    ]
    head = [f"# {plan.title}, on {host}", *(f"# {note}" for note in plan.notes)]
    print("\n".join([*head, plan.prologue.text, runbook(steps)]))


def text_of(step: Step) -> str:
    """What a person would type for the step."""
    from windlass.plan import Gate

    return step.action.by_hand.text if isinstance(step.action, Gate) else step.action.text
