"""Joins the two sides: connects to the hosts, opens their agents, runs plans and says how they ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from invoke.context import Context

    from windlass.config import Config
    from windlass.plan import Plan
    from windlass.report import Report
    from windlass.runner import Host


@dataclass
class Crew:
    """The hosts of one command, with their agents open."""

    config: Config
    hosts: list[Host]
    report: Report
    began: float

    def seconds(self) -> float:
        return round(time.monotonic() - self.began, 3)


@contextmanager
def crew(
    ctx: Context,
    config: Config,
    what: str,
    *,
    target: str | None,
    locked: bool,
    json: bool = False,
    verbose: bool = False,
) -> Iterator[Crew]:
    """Open an agent on every host at the same time; all are closed at the end, whatever happens."""
    from tasks.chosen import chosen_hosts
    from windlass.plans.golive import recover
    from windlass.report import make_report
    from windlass.runner import each, open_host
    from windlass.ssh import connect
    from windlass.visit import Opening

    began = time.monotonic()
    specs, _ = chosen_hosts(ctx, config, target)
    opening = Opening(
        what,
        config.app.name,
        config.layout,
        config.database.url,
        config.database.lock_timeout,
        locked,
        recover(config) if locked else (),
    )
    opened: list[Host] = []

    with make_report(json=json, verbose=verbose) as report:

        def open_one(spec: Any) -> None:
            def wire() -> Any:
                from windlass.protocol import agent_command

                link = connect(
                    spec, timeout=config.ssh.connect_timeout, forward_agent=config.ssh.forward_agent
                )
                return link.open_agent(agent_command(), for_good=True)

            opened.append(open_host(spec.name, wire, opening, report.emit, began))

        try:
            each(specs, open_one)
            order = [spec.name for spec in specs]
            opened.sort(key=lambda host: order.index(host.name))
            yield Crew(config, opened, report, began)
        finally:
            each(opened, lambda host: host.visit.close()) if opened else None


def run(crew: Crew, plans: list[Plan]) -> int:
    """Run the plans, one a host, and report every host's end; the exit code of the worst."""
    from windlass.runner import Fleet

    ends = Fleet(crew.hosts, plans, crew.report.emit).run()
    return max(
        conclude(crew, host, plan, end) for host, plan, end in zip(crew.hosts, plans, ends, strict=True)
    )


def conclude(crew: Crew, host: Host, plan: Plan, end: dict[str, Any]) -> int:
    """Emit how a plan ended on a host; its exit code."""
    from tasks.outcome import exit_code, message
    from windlass.events import Ended

    text, hint = message(crew.config, host.name, plan, end)
    was = end["before"]["release"] if end["before"] != end["live"] else ""
    crew.report.emit(
        Ended(host.name, end["outcome"], end["live"]["release"], crew.seconds(), text, hint, was)
    )
    return exit_code(end)
