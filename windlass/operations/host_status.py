"""What is live on each host and how it does: the first thing to look at when something is wrong."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from windlass.config.model import Config
from windlass.errors import ExitCode, WindlassError
from windlass.ledger import last_words
from windlass.operations.crew import LOOKING, crew
from windlass.operations.request import Request
from windlass.operations.status_rows import questions, row
from windlass.question import Question
from windlass.remote.runner import Host, each
from windlass.report import say_error
from windlass.report.rows import HostStatus
from windlass.report.tables import show_status


def status(request: Request) -> int:
    """Show what is live on each host and how it does; changes nothing.

    The exit code: 1 where a host was not reached or what is live there does not answer well, 4 where the hosts
    differ.
    """
    config = request.config
    with crew(request, "status", entry=LOOKING, lenient=True, aside=True) as hosts:
        asked = questions(config)
        answers = each(hosts.hosts, lambda host: _ask(host, asked))
        clock = time.time()
        rows = [
            _unreachable(config, host.name, found)
            if isinstance(found, WindlassError)
            else row(config, host.name, found, clock, request.folders)
            for host, found in zip(hosts.hosts, answers, strict=True)
        ]
    rows += [_unreachable(config, name, error) for name, error in hosts.missing.items()]
    show_status(rows, json=request.json)
    ends = {
        host.name: last_words(found["history"])
        for host, found in zip(hosts.hosts, answers, strict=True)
        if not isinstance(found, WindlassError)
    }
    return _verdict(rows, ends)


def _ask(host: Host, asked: Sequence[Question[Any]]) -> dict[str, Any] | WindlassError:
    """The answers; the error is handed back, so that the other hosts are shown."""
    try:
        return host.visit.ask(*asked)
    except WindlassError as error:
        return error


def _unreachable(config: Config, name: str, error: WindlassError) -> HostStatus:
    return HostStatus(name, config.app.name, error=error.message, hint=error.hint)


def _verdict(rows: Sequence[HostStatus], ends: Mapping[str, str]) -> int:
    """4 where the hosts differ in what is live, which a person must decide on: `ends` says how each came to it.

    1 where one was not reached, or what is live there does not answer well although nobody stopped it.
    """
    reached = [one for one in rows if not one.error]
    unwell = [one for one in reached if not one.stopped and not all(answer.ok for answer in one.health)]
    for one in unwell:
        hint = f"fab logs -H {one.host} says more; fab restart and fab rollback start it anew"
        say_error(f"{one.host}: {_complaint(one)}", hint)
    if len({one.revision for one in reached}) > 1:
        listed = ", ".join(f"{one.host}: {one.revision[:7] or 'nothing'}" for one in reached)
        told = "".join(f"{one.host}: {ends[one.host]}; " for one in reached if ends.get(one.host))
        say_error(f"the hosts differ in what is live ({listed})", f"{told}fab deploy makes them agree")
        return ExitCode.NEEDS_PERSON
    return ExitCode.FAILED if unwell or len(reached) < len(rows) else ExitCode.DONE


def _complaint(row: HostStatus) -> str:
    bad = next(answer for answer in row.health if not answer.ok)
    said = f"status {bad.status}" if bad.status else "no answer"
    return f"what is live does not answer well: {bad.url}: {said}{f', {bad.error}' if bad.error else ''}"
