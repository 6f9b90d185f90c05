"""Plans as a text to be typed by hand, or as events for a program: what a dry run prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from windlass.clean import one_line
from windlass.events import Planned
from windlass.operations.crew import Crew
from windlass.plan import Environment, Gate, Plan, Step
from windlass.report import runbook as as_text
from windlass.shell import Command
from windlass.tell import tell


def show_plan(crew: Crew, host: str, plan: Plan) -> None:
    """Print the plan, as events where a program reads."""
    if not crew.request.json:
        print_plan(host, plan)
        return
    for note in [*plan.notes, *_environment(plan)]:
        crew.note(host, note)
    for event in planned(host, plan):
        crew.report.emit(event)


def planned(host: str, plan: Plan) -> Iterator[Planned]:
    """The plan's steps in order, then what would undo its stages, the last one first, and what puts things right."""
    prologue = (
        [("shell", Step("find node and the app's programs", plan.prologue))] if plan.prologue.text else []
    )
    steps = [*prologue, *((stage.name, step) for stage in plan.stages for step in stage.steps)]
    for number, (stage, step) in enumerate(steps, 1):
        yield Planned(host, plan.title, "step", number, stage, step.title, text_of(step), step.unchanged)
    for one in reversed(plan.stages):
        for step in one.undo:
            yield Planned(host, plan.title, "undo", 0, one.name, step.title, text_of(step))
    for step in plan.recovery:
        yield Planned(host, plan.title, "recovery", 0, "recovery", step.title, text_of(step))


def print_plan(host: str, plan: Plan) -> None:
    """Print a plan as commented shell text; what undoes it comes last, as comments."""
    prologue = plan.prologue.text
    steps = [("shell", "find node and the app's programs", prologue, "")] if prologue else []
    steps += [
        (stage.name, step.title, text_of(step), step.unchanged)
        for stage in plan.stages
        for step in stage.steps
    ]
    tell(as_text(steps, title=f"{plan.title}, on {host}", notes=[*plan.notes, *_environment(plan)]))
    tell("\n".join(one_line(line) for line in _way_back(plan)))


def text_of(step: Step) -> str:
    """What a person would type for the step.

    In a shell of its own, as when Windlass runs it, where it changes the folder, the umask or a variable; where
    its failure would be a warning, it is none.
    """
    command = step.action.by_hand if isinstance(step.action, Gate) else step.action
    if step.as_owner:
        command = command.commented("as the user whom the app belongs to, not as root")
    lasting = any(line.startswith(("cd ", "umask ", "export ")) for line in command.text.splitlines())
    if lasting and not isinstance(step.action, Gate):
        command = Command(f"(\n{command.text}\n)")
    return command.tolerated().text if step.tolerated else command.text


def _environment(plan: Plan) -> Iterator[str]:
    """Which variables a person has to set first; Windlass reads them on the server."""
    titles: dict[Environment, list[str]] = {}
    for step in (step for stage in plan.stages for step in stage.steps if not step.unchanged):
        for kind in step.environment:
            titles.setdefault(kind, []).append(step.title)
    words: dict[Environment, str] = {
        "shared": "needs the variables of the app's .env",
        "database": "needs PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE, as in the database's URL in .env",
        "migrate": "needs the variables of the app's .env",
        "given": "needs UPLOAD_URL, an address of the store that takes this one file",
        "scratch": "needs the variables of the app's .env, whose URL names NAME_windlass_scratch instead",
    }
    for kind, text in words.items():
        if kind in titles:
            yield f"{' and '.join(titles[kind])}: {text}"


def _way_back(plan: Plan) -> Iterator[str]:
    """What undoes each stage, and what then makes the server agree with itself, as comments."""
    yield "# == Where a step fails =="
    yield "# Undo what was done, the last stage first; then put things right. Each can be repeated."
    for stage in reversed(plan.stages):
        for step in stage.undo:
            yield "#"
            yield from _commented(f"{stage.name} failed, or a later stage: {step.title}", step)
    for step in plan.recovery:
        yield "#"
        yield from _commented(f"put right: {step.title}", step)


def _commented(title: str, step: Step) -> Iterable[str]:
    return [f"# {title}", *(f"#     {line}".rstrip() for line in text_of(step).splitlines())]
