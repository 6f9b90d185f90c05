"""What is kept, what happened, and which release is known to be good."""

from __future__ import annotations

from collections.abc import Sequence

from windlass.clean import one_line
from windlass.errors import UsageError
from windlass.events import Ended
from windlass.facts import commits, lock, sizes, state
from windlass.facts import history as ledger
from windlass.facts.state import Release, State
from windlass.ledger import Record, runs
from windlass.operations.crew import Crew, crew, onlookers
from windlass.operations.release_rows import deeds, kept
from windlass.operations.request import Request
from windlass.plans.stable import chosen, is_marked
from windlass.remote.runner import Host
from windlass.report.jsonl import line
from windlass.report.rows import Deed, KeptRelease
from windlass.report.tables import show_history, show_releases
from windlass.tell import tell


def releases(request: Request) -> int:
    """List the kept releases of each host, newest first; changes nothing."""
    layout = request.config.layout
    with onlookers(request, "releases") as hosts:
        answers = hosts.ask(state.question(layout), commits.question(layout), sizes.question(layout))
        rows = [
            row
            for name, found in zip(hosts.names, answers, strict=True)
            for row in kept(name, found["state"], found["commits"], found["sizes"])
        ]
        if not request.json:
            _say_empty(hosts, rows, "nothing is deployed yet")
        show_releases(rows, json=request.json)
    return 0


def history(request: Request, *, lines: int = 20) -> int:
    """Show the last so many runs of each host, newest first: what was done, by whom and how it ended.

    As JSON they are the ledger's own records. Raises UsageError for less than one.
    """
    if lines < 1:
        raise UsageError("--lines counts runs, so it is at least 1", hint="fab history --lines 50")
    layout = request.config.layout
    with onlookers(request, "history") as hosts:
        answers = hosts.ask(ledger.question(layout, lines), lock.question(layout))
        pairs = list(zip(hosts.names, answers, strict=True))
        if request.json:
            _print_records([(name, found["history"]) for name, found in pairs], lines)
            return 0
        rows = [
            row
            for name, found in reversed(pairs)  # the table turns all around
            for row in deeds(name, found["history"], found["lock"] and found["lock"].run)[-lines:]
        ]
        _say_empty(hosts, rows, "nothing has been done yet")
        show_history(rows)
    return 0


def mark_stable(request: Request, release: str | None = None) -> int:
    """Mark a release on each host as one to go back to; by default the live one, else by its id or its commit.

    Raises Refused where one of the hosts does not keep it, or where what is live is bad.
    """
    with crew(request, "mark-stable") as hosts:
        states = _states(hosts)
        picked = [chosen(name, seen, release) for name, seen in zip(hosts.names, states, strict=True)]
        for host, seen, one in zip(hosts.hosts, states, picked, strict=True):
            if is_marked(seen, one):
                hosts.nothing_to_do(host.name, seen.live, f"{one.id} is already marked stable")
                continue
            _mark(host, one)
            text = f"{one.id} is marked stable"
            hosts.report.emit(Ended(host.name, "done", seen.live, hosts.seconds(), text))
    return 0


def _states(crew: Crew) -> list[State]:
    """Every host's state."""
    asked = state.question(crew.config.layout)
    return [found["state"] for found in crew.ask(asked)]


def _mark(host: Host, release: Release) -> None:
    fields = {"release": release.id, "revision": release.revision}
    host.visit.send("record", event="stable", fields=fields)
    host.visit.expect("recorded")


def _print_records(pairs: Sequence[tuple[str, Sequence[Record]]], count: int) -> None:
    for name, records in pairs:
        wanted = {run.id for run in runs(records)[-count:]}
        for record in reversed(records):
            if record.get("run", "") in wanted:
                tell(line({"host": name, **record}), end="")


def _say_empty(crew: Crew, rows: Sequence[KeptRelease | Deed], text: str) -> None:
    """An empty table says nothing: say why it is empty."""
    filled = {row.host for row in rows}
    for name in crew.names:
        if name not in filled:
            tell(one_line(f"{name}  {text}"))
