"""Plans, run on the hosts of an operation or printed; and how each host's run ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from windlass.errors import ExitCode
from windlass.events import Ended, Note
from windlass.operations.crew import Crew
from windlass.operations.outcome import exit_code, message
from windlass.operations.printing import show_plan
from windlass.plan import Plan
from windlass.plans.decide.decision import Decision
from windlass.remote.fleet import Fleet
from windlass.remote.runner import Host


def _nothing(crew: Crew) -> None:
    pass


def carry_out(crew: Crew, decided: Decision, then: Callable[[Crew], None] = _nothing) -> int:
    """Say what was decided, and run or print its plans; the exit code."""
    for one in decided.said:
        crew.report.emit(Note(one.host, one.text, "warning" if one.warning else "note"))
    for host in decided.as_it_is:
        crew.nothing_to_do(host.host, host.live, host.text, host.hint)
    return run_or_print(crew, decided.plans, then) if decided.plans else 0


def run_or_print(crew: Crew, plans: Sequence[Plan], then: Callable[[Crew], None] = _nothing) -> int:
    """Run the plans, one a host, or print them in a dry run; the exit code."""
    if not crew.request.dry_run:
        return run(crew, plans, then)
    for host, plan in zip(crew.hosts, plans, strict=True):
        show_plan(crew, host.name, plan)
    return 0


def run(crew: Crew, plans: Sequence[Plan], then: Callable[[Crew], None] = _nothing) -> int:
    """Run the plans, one a host, and report every host's end; the exit code of the worst.

    `then` is called when all have run, and nothing was said of it yet.
    """
    if not plans:
        return 0
    carry(crew, plans)
    then(crew)
    return max(conclude(crew, host, plan) for host, plan in zip(crew.hosts, plans, strict=True))


def carry(crew: Crew, plans: Sequence[Plan]) -> None:
    """Have every host come to the end of its plan; `end` or `lost` of each says how."""
    crew.started = True
    Fleet(crew.hosts, list(plans), crew.report.emit).run()


def conclude(crew: Crew, host: Host, plan: Plan) -> int:
    """Emit how a plan ended on a host, or that its end is not known; the exit code."""
    end = host.end
    if host.lost:
        code = host.lost.exit_code
        outcome: Any = "needs-person" if code == ExitCode.NEEDS_PERSON else "failed"
        crew.report.emit(Ended(host.name, outcome, "", crew.seconds(), host.lost.message, host.lost.hint))
        return int(code)
    text, hint = message(crew.config, host.name, plan, end)
    was = end["before"]["release"] if end["before"] != end["live"] else ""
    live = end["live"]["release"]
    if end.get("stopped") is not None:
        live = was = ""
    crew.report.emit(Ended(host.name, end["outcome"], live, crew.seconds(), text, hint, was))
    return exit_code(plan, end)
