"""Reading a plan as a person would: its steps by title, its whole text."""

from __future__ import annotations

from windlass.plan import Gate, Plan, Stage, Step


def all_steps(plan: Plan) -> list[Step]:
    """Every step that may run, in the order in which it would: stages, their undo, recovery."""
    forward = [step for stage in plan.stages for step in stage.steps]
    back = [step for stage in reversed(plan.stages) for step in stage.undo]
    return [*forward, *back, *plan.recovery]


def titles(plan: Plan) -> list[str]:
    return [step.title for stage in plan.stages for step in stage.steps]


def running(plan: Plan) -> list[str]:
    """The titles of the steps that are not unchanged."""
    return [step.title for stage in plan.stages for step in stage.steps if not step.unchanged]


def step(plan: Plan, title: str) -> Step:
    (found,) = [step for stage in plan.stages for step in stage.steps if step.title == title]
    return found


def stage(plan: Plan, name: str) -> Stage:
    (found,) = [stage for stage in plan.stages if stage.name == name]
    return found


def text_of(step: Step) -> str:
    return step.action.by_hand.text if isinstance(step.action, Gate) else step.action.text


def whole_text(plan: Plan) -> str:
    return "\n".join([plan.prologue.text, *(text_of(step) for step in all_steps(plan))])
