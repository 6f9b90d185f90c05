"""Joins the two sides: connects to the hosts, opens their agents, runs plans and says how they ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from windlass.errors import Interrupted, WindlassError, together

if TYPE_CHECKING:
    from invoke.context import Context

    from windlass.address import HostSpec
    from windlass.config.model import Config
    from windlass.plan import Plan
    from windlass.remote.opening import Entry, Opening
    from windlass.remote.runner import Host
    from windlass.report import Report


@dataclass
class Crew:
    """The hosts of one command, with their agents open.

    `target` is the one that they belong to, `missing` are those that could not be opened, by name. `others` are
    the names of those that share the first one's database and are not visited. `started`: something may have been
    changed.
    """

    config: Config
    hosts: list[Host]
    report: Report
    began: float
    target: str | None = None
    started: bool = False
    missing: dict[str, WindlassError] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)

    def seconds(self) -> float:
        return round(time.monotonic() - self.began, 3)


@contextmanager
def crew(
    ctx: Context,
    config: Config,
    what: str,
    *,
    target: str | None,
    entry: Entry | None = None,
    lenient: bool = False,
    aside: bool = False,
    first_only: bool = False,
    json: bool = False,
    verbose: bool = False,
) -> Iterator[Crew]:
    """Open an agent on every host at the same time; all are closed at the end, whatever happens.

    With no `entry` it comes in locked. Raises the errors of the hosts that cannot be opened; `lenient` goes on
    with the others, and `missing` holds the errors. `aside`: standard output is the command's answer, so the
    report keeps off it. `first_only`: what the hosts share is seen to from the first of them, and a note says so.
    """
    from invoke.exceptions import Exit

    from windlass.events import Note
    from windlass.remote.runner import Host, each
    from windlass.report import make_aside, make_report, say_error

    from .ahead import import_ahead
    from .chosen import chosen_hosts

    specs, known_as = chosen_hosts(ctx, config, target)
    opening = _opening(config, what, entry)
    with make_aside() if aside else make_report(json=json, verbose=verbose) as report:
        found = Crew(config, [], report, time.monotonic(), known_as)
        if first_only and len(specs) > 1:
            report.emit(Note(specs[0].name, f"the first of {len(specs)} hosts: they share one database"))
            found.others = [spec.name for spec in specs[1:]]
            specs = specs[:1]
        try:
            import_ahead()
            outcomes = each(specs, lambda spec: _open(found, spec, opening))
            found.hosts = [host for host in outcomes if isinstance(host, Host)]
            found.missing = {
                spec.name: error
                for spec, error in zip(specs, outcomes, strict=True)
                if isinstance(error, WindlassError)
            }
            if found.missing and not lenient:
                raise together(list(found.missing.values()))
            yield found
        except KeyboardInterrupt:
            if found.started:
                raise
            raise Interrupted("interrupted; nothing was changed") from None
        except WindlassError as error:
            if not json:
                raise
            say_error(error.message, error.hint, json=True)
            raise Exit(code=int(error.exit_code)) from error
        finally:
            each(found.hosts, lambda host: host.visit.close())


def _opening(config: Config, what: str, entry: Entry | None) -> Opening:
    from windlass.plans.golive import recover
    from windlass.remote.opening import Entry, Opening

    entry = entry or Entry()
    recovery = () if entry.mode == "unlocked" else recover(config)
    database = config.database
    return Opening(what, config.app.name, config.layout, database.url, database.lock_timeout, entry, recovery)


def _open(crew: Crew, spec: HostSpec, opening: Opening) -> Host | WindlassError:
    """Connect and open the agent; the error is handed back, so that the other hosts can be closed properly."""
    from windlass.events import Connecting
    from windlass.remote.protocol import agent_command
    from windlass.remote.runner import open_host
    from windlass.remote.ssh import connect

    ssh = crew.config.ssh

    def wire() -> Any:
        link = connect(spec, timeout=ssh.connect_timeout, forward_agent=ssh.forward_agent)
        return link.open_agent(agent_command(as_root=opening.entry.as_root), for_good=True)

    crew.report.emit(Connecting(spec.name))
    try:
        return open_host(spec.name, wire, opening, crew.report.emit, crew.began)
    except WindlassError as error:
        return error


def run(crew: Crew, plans: list[Plan], before_end: Callable[[], None] = lambda: None) -> int:
    """Run the plans, one a host, and report every host's end; the exit code of the worst.

    `before_end` is called when all have run, and nothing was said of it yet.
    """
    from windlass.remote.runner import Fleet

    from .resolving import tell_of_failed_migrations

    if not plans:
        return 0
    crew.started = True
    Fleet(crew.hosts, plans, crew.report.emit).run()
    tell_of_failed_migrations(crew)
    before_end()
    return max(conclude(crew, host, plan) for host, plan in zip(crew.hosts, plans, strict=True))


def conclude(crew: Crew, host: Host, plan: Plan) -> int:
    """Emit how a plan ended on a host, or that its end is not known; the exit code."""
    from windlass.errors import ExitCode
    from windlass.events import Ended

    from .outcome import exit_code, message

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
