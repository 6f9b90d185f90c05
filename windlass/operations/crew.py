"""The hosts of one operation: connected to, their agents open, and closed at the end whatever happens."""

from __future__ import annotations

import time
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from windlass import acts
from windlass.address import HostSpec
from windlass.config.model import Config
from windlass.errors import Interrupted, Told, WindlassError, together
from windlass.events import Connecting, Ended, Note
from windlass.operations.request import Request
from windlass.plans.golive import recover
from windlass.question import Question
from windlass.remote.opening import Entry, Opening
from windlass.remote.protocol import agent_command
from windlass.remote.runner import Host, each, open_host
from windlass.report import Report, make_aside, make_report, say_error
from windlass.report.handed import HandedReport

LOOKING = Entry("unlocked", as_owner=True)
"""As the app's owner, beside whoever holds the lock."""


@dataclass
class Crew:
    """The hosts of one operation, with their agents open.

    `missing` are those that could not be opened, by name. `others` are the names of those that share the first
    one's database and are not visited. `started`: something may have been changed.
    """

    request: Request
    hosts: list[Host]
    report: Report
    began: float
    started: bool = False
    missing: dict[str, WindlassError] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)

    @property
    def config(self) -> Config:
        return self.request.config

    @property
    def names(self) -> list[str]:
        return [host.name for host in self.hosts]

    def seconds(self) -> float:
        """Seconds since the operation began."""
        return round(time.monotonic() - self.began, 3)

    def ask(self, *questions: Question[Any]) -> list[dict[str, Any]]:
        """Every host's parsed answers by the question's name, in one round trip to each at the same time."""
        return each(self.hosts, lambda host: host.visit.ask(*questions))

    def warn(self, host: str, text: str) -> None:
        self.report.emit(Note(host, text, "warning"))

    def note(self, host: str, text: str) -> None:
        self.report.emit(Note(host, text))

    def leave_out(self, names: Container[str]) -> None:
        """Close the visits to these hosts, which gives back their locks, and go on with the others."""
        left_out = [host for host in self.hosts if host.name in names]
        self.hosts = [host for host in self.hosts if host.name not in names]
        each(left_out, lambda host: host.visit.close())

    def nothing_to_do(self, host: str, live: str, text: str = "", hint: str = "") -> None:
        """Say that the host is as it shall be."""
        self.report.emit(Ended(host, "nothing-to-do", live, self.seconds(), text, hint))


@contextmanager
def crew(
    request: Request,
    what: str,
    *,
    entry: Entry | None = None,
    lenient: bool = False,
    aside: bool = False,
    first_only: bool = False,
) -> Iterator[Crew]:
    """Open an agent on every host at the same time.

    With no `entry` it comes in locked. Raises the errors of the hosts that cannot be opened; `lenient` goes on
    with the others, and `missing` holds the errors. `aside`: standard output is the operation's answer, so the
    report keeps off it. `first_only`: what the hosts share is seen to from the first of them, and a note says so.
    """
    opening = _opening(request.config, what, entry or Entry())
    with _report(request, aside=aside) as report:
        found = Crew(request, [], report, time.monotonic())
        specs = request.hosts
        if first_only and len(specs) > 1:
            found.note(specs[0].name, f"the first of {len(specs)} hosts: they share one database")
            found.others = [spec.name for spec in specs[1:]]
            specs = specs[:1]
        try:
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
            if not request.json:
                raise
            say_error(error.message, error.hint, json=True)
            raise Told(error.message, exit_code=error.exit_code) from error
        finally:
            each(found.hosts, lambda host: host.visit.close())


@contextmanager
def onlookers(
    request: Request, what: str, *, as_owner: bool = True, first_only: bool = False
) -> Iterator[Crew]:
    """The hosts that could be reached, beside whoever holds the lock; standard output is the operation's answer.

    After the body the others are named, and Told is raised with their exit code.
    """
    entry = Entry("unlocked", as_owner=as_owner)
    with crew(request, what, entry=entry, lenient=True, aside=True, first_only=first_only) as hosts:
        yield hosts
    for error in hosts.missing.values():
        say_error(error.message, error.hint, json=request.json)
    if hosts.missing:
        worst = max(error.exit_code for error in hosts.missing.values())
        raise Told("not all hosts could be reached", exit_code=worst)


def _report(request: Request, *, aside: bool) -> Report:
    if request.on_event:
        return HandedReport(request.on_event)
    # A dry run's answer to a program is made of events too.
    aside = aside and not (request.json and request.dry_run)
    return make_aside() if aside else make_report(json=request.json, verbose=request.verbose)


def _opening(config: Config, what: str, entry: Entry) -> Opening:
    recovery = () if entry.mode == "unlocked" else recover(config)
    database = config.database
    url, patience = database.url, database.lock_timeout
    return Opening(what, config.app.name, config.layout, url, patience, entry, recovery, acts.about(config))


def _open(crew: Crew, spec: HostSpec, opening: Opening) -> Host | WindlassError:
    """Connect and open the agent; the error is handed back, so that the other hosts can be closed properly."""

    def wire() -> Any:
        link = crew.request.connect(spec)
        return link.open_agent(agent_command(as_root=opening.entry.as_root), for_good=True)

    crew.report.emit(Connecting(spec.name))
    try:
        return open_host(spec.name, wire, opening, crew.report.emit, crew.began)
    except WindlassError as error:
        return error
