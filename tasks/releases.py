"""What is kept, what happened, and which release is known to be good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .chosen import chosen_config
from .onlookers import onlookers
from .options import HELP, task

if TYPE_CHECKING:
    from invoke.context import Context

    from windlass.facts.state import Release, State
    from windlass.remote.runner import Host
    from windlass.report.rows import Deed, KeptRelease

    from .visiting import Crew

EVERYTHING = 1_000_000
"""Records: more than a ledger holds."""


@task(help=HELP)
def releases(ctx: Context, app: str | None = None, target: str | None = None, json: bool = False) -> None:
    """List the kept releases, newest first."""
    from windlass.facts import commits, sizes, state
    from windlass.remote.runner import each
    from windlass.report.tables import show_releases

    config = chosen_config(ctx, app)
    layout = config.layout
    asked: list[Any] = [
        state.question(layout, records=EVERYTHING),
        commits.question(layout),
        sizes.question(layout),
    ]
    with onlookers(ctx, config, "releases", target=target, json=json) as hosts:
        answers = each(hosts.hosts, lambda host: host.visit.ask(*asked))
        rows = [
            row
            for host, found in zip(hosts.hosts, answers, strict=True)
            for row in kept(host.name, found["state"], found["commits"], found["sizes"])
        ]
        if not json:
            _say_empty(hosts, rows, "nothing is deployed yet")
        show_releases(rows, json=json)


@task(
    help={
        **HELP,
        "lines": "how many runs (default: 20)",
        "json": "the ledger's own records, one JSON object a line",
    }
)
def history(
    ctx: Context, lines: int = 20, app: str | None = None, target: str | None = None, json: bool = False
) -> None:
    """Show what was done, by whom and how it ended, newest first."""
    from windlass.errors import UsageError
    from windlass.facts import state
    from windlass.remote.runner import each
    from windlass.report.tables import show_history

    if lines < 1:
        raise UsageError("--lines counts runs, so it is at least 1", hint="fab history --lines 50")
    config = chosen_config(ctx, app)
    asked = state.question(config.layout, records=EVERYTHING)
    with onlookers(ctx, config, "history", target=target, json=json) as hosts:
        states: list[State] = [
            found["state"] for found in each(hosts.hosts, lambda host: host.visit.ask(asked))
        ]
        names = [host.name for host in hosts.hosts]
        if json:
            _print_records(names, states, lines)
            return
        rows = [
            row
            for name, state in reversed(list(zip(names, states, strict=True)))  # the table turns all around
            for row in deeds(name, state)[-lines:]
        ]
        _say_empty(hosts, rows, "nothing has been done yet")
        show_history(rows)


@task(
    name="mark-stable",
    help={**HELP, "release": "its id, or its commit's hash (default: the live one)"},
)
def mark_stable(
    ctx: Context,
    release: str | None = None,
    app: str | None = None,
    target: str | None = None,
    json: bool = False,
) -> None:
    """Mark a release as one to go back to: fab rollback --stable."""
    from windlass.events import Ended
    from windlass.facts import state
    from windlass.plans.stable import chosen, is_marked
    from windlass.remote.runner import each

    from .visiting import crew

    config = chosen_config(ctx, app)
    asked = state.question(config.layout, records=EVERYTHING)
    with crew(ctx, config, "mark-stable", target=target, json=json) as hosts:
        states: list[State] = [
            found["state"] for found in each(hosts.hosts, lambda host: host.visit.ask(asked))
        ]
        picked: list[Release] = [
            chosen(host.name, seen, release) for host, seen in zip(hosts.hosts, states, strict=True)
        ]
        for host, seen, one in zip(hosts.hosts, states, picked, strict=True):
            marked = is_marked(seen, one)
            if not marked:
                _mark(host, one)
            text = f"{one.id} is {'already ' if marked else ''}marked stable"
            hosts.report.emit(
                Ended(host.name, "nothing-to-do" if marked else "done", seen.live, hosts.seconds(), text)
            )


def kept(host: str, state: State, commits: Any, sizes: Any) -> list[KeptRelease]:
    """One host's releases, newest first."""
    from windlass.ledger import last_live, started_with
    from windlass.plans.history import bad, stable, went_live
    from windlass.report.rows import KeptRelease

    lived, wrong, marked = set(went_live(state.records)), bad(state.records), set(stable(state.records))
    times, envs = last_live(state.records), started_with(state.records)
    slots = {release: slot for slot, release in state.slots.items() if release}
    rows = []
    for release in reversed(state.releases):
        commit = commits.get(release.revision)
        verdict = "bad" if release.id in wrong else "good" if release.id in lived else ""
        rows.append(
            KeptRelease(
                host,
                release.id,
                release.revision,
                commit.subject if commit else _subject(state, release),
                times.get(release.id),
                live=release.id == state.live,
                slot=slots.get(release.id, ""),
                verdict=verdict,
                stable=release.id in marked,
                size=sizes.get(release.id),
                env=envs.get(release.id),
            )
        )
    return rows


def deeds(host: str, state: State) -> list[Deed]:
    """One host's runs, oldest first; the last one is said to run where its lock is held."""
    from windlass.ledger import UNFINISHED, runs
    from windlass.report.rows import Deed

    holder = state.lock.get("run") if state.lock.get("held") else None
    found = []
    for run in runs(state.records):
        outcome = "running" if run.outcome == UNFINISHED and run.id == holder else run.outcome
        found.append(
            Deed(
                host,
                run.at,
                run.who,
                run.what,
                outcome,
                run.release,
                run.was,
                run.seconds,
                run.reason,
                run.id,
                run.env,
            )
        )
    return found


def _mark(host: Host, release: Release) -> None:
    fields = {"release": release.id, "revision": release.revision}
    host.visit.send("record", event="stable", fields=fields)
    host.visit.expect("recorded")


def _subject(state: State, release: Release) -> str:
    known = (one.get("subject") for one in state.records if one.get("release") == release.id)
    return str(next((subject for subject in known if subject), ""))


def _print_records(names: list[str], states: list[State], count: int) -> None:
    from windlass.ledger import runs
    from windlass.report.jsonl import line

    for name, state in zip(names, states, strict=True):
        wanted = {run.id for run in runs(state.records)[-count:]}
        for record in reversed(state.records):
            if record.get("run", "") in wanted:
                print(line({"host": name, **record}), end="")


def _say_empty(crew: Crew, rows: list[Any], text: str) -> None:
    """An empty table says nothing: say why it is empty."""
    filled = {row.host for row in rows}
    for host in crew.hosts:
        if host.name not in filled:
            print(f"{host.name}  {text}")
