"""What a migration that failed left on a host: its statements, and which of them the database shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .consent import check_consent

if TYPE_CHECKING:
    from windlass.config.model import Config
    from windlass.facts.papers import Papers
    from windlass.plans.resolve import Direction, Left
    from windlass.remote.runner import Host

    from .visiting import Crew


def left_by(config: Config, host: Host, named: str | None = None) -> tuple[Left, Papers] | None:
    """What the failed migration left, and what is written of it; None where none failed.

    Raises what `plans.resolve.chosen` does, and NotReady where the database does not answer.
    """
    from windlass.commands import migrations as tools
    from windlass.facts import papers, traces
    from windlass.plans import resolve

    tool = tools.tool(config)
    assert tool is not None, "an app without a database comes no further than its configuration"
    found = _look(config, host)
    name = resolve.chosen(found["applied"], named)
    if not name:
        return None
    records = [
        record
        for record in found["state"].records
        if record.get("event") == "start" and name in (record.get("migrations") or [])
    ]
    revision = str(records[-1].get("revision")) if records else "HEAD"
    asked = papers.texts(config, {name: revision}, (), tool.FILES)
    written: Papers = host.visit.ask(asked)["papers"]
    sql = written.up.get(name, "")
    looked = traces.question(resolve.changes_of(sql))
    traced = resolve.traced(sql, host.visit.ask(looked)["traces"])
    dumps = {backup.name for backup in found["backups"]}
    release = str(records[-1]["release"]) if records else ""
    backup = str(config.layout.backup(release)) if release in dumps else ""
    return resolve.Left(name, traced, found["errors"].get(name, ""), backup), written


def _look(config: Config, host: Host) -> dict[str, Any]:
    from windlass.facts import backups, database, migrations, state
    from windlass.plans.reachable import check_reachable

    from .releases import EVERYTHING

    found = host.visit.ask(
        state.question(config.layout, records=EVERYTHING),
        database.question(),
        backups.question(config.layout),
        *migrations.questions(config),
        *migrations.errors(config),
    )
    check_reachable(config, host.name, found["database"].problem)
    return found


def show(crew: Crew, named: str | None, *, json: bool) -> int:
    """Print what the failed migration left and the ways on; the exit code."""
    from windlass.plans.resolve import ways_on
    from windlass.report.jsonl import line
    from windlass.report.text import one_line

    (host,) = crew.hosts
    found = left_by(crew.config, host, named)
    if json:
        print(line({"host": host.name, **(found[0].as_json() if found else {"migration": ""})}), end="")
    elif found is None:
        print(f"{host.name}  no migration is left unfinished")
    else:
        for text in [*found[0].lines(), ways_on(host.name)]:
            print(f"{host.name}  {one_line(text)}")
    return 0


def settle(crew: Crew, direction: Direction, named: str | None, *, yes: bool, dry_run: bool) -> int:
    """Mark the failed migration, after a yes; the exit code. Raises Refused where its file is not known."""
    from windlass.commands import migrations
    from windlass.errors import Refused
    from windlass.events import Ended, Note
    from windlass.plans import resolve

    from .printing import run_or_print

    (host,) = crew.hosts
    found = left_by(crew.config, host, named)
    if found is None:
        text, live = "no migration is left unfinished", host.opened.live["release"]
        crew.report.emit(Ended(host.name, "nothing-to-do", live, crew.seconds(), text))
        return 0
    left, written = found
    checksum = written.checksums.get(left.migration, "")
    if direction == "applied" and not checksum:
        raise Refused(
            f"the SQL of {left.migration} is not in the workspace's git: no checksum; nothing was changed",
            hint="fab deploy --dry-run fetches; or --rolled-back",
        )
    for text in [*left.lines(), *resolve.doubts(left, direction)]:
        crew.report.emit(Note(host.name, text, "warning"))
    if not dry_run:
        check_consent(f"{host.name}: mark {left.migration} as {direction}?", yes=yes, report=crew.report)
    tool = migrations.tool(crew.config)
    assert tool is not None
    plan = resolve.resolve(crew.config, tool, left.migration, direction, checksum)
    return run_or_print(crew, [plan], dry_run=dry_run)


def tell_of_failed_migrations(crew: Crew) -> None:
    """Where a plan ended at its migrations, say which of their statements the database shows."""
    from windlass.errors import WindlassError
    from windlass.events import Note

    for host in crew.hosts:
        failure = host.end.get("failure") or {}
        if host.lost or failure.get("stage") != "migrate" or failure.get("title") != "migrate":
            continue
        try:
            found = left_by(crew.config, host)
        except WindlassError as error:
            crew.report.emit(Note(host.name, error.message, "warning"))
            continue
        for text in found[0].lines() if found else ["no migration is left unfinished"]:
            crew.report.emit(Note(host.name, text, "warning"))
