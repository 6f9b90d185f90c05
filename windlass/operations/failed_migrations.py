"""What a migration that failed left on a host: its statements, and which of them the database shows."""

from __future__ import annotations

from typing import Any

from windlass.clean import one_line
from windlass.commands import migrations as tools
from windlass.config.model import Config
from windlass.errors import Refused, UsageError, WindlassError
from windlass.facts import backups, database, migrations, papers, state, traces
from windlass.facts.papers import Papers
from windlass.operations.consent import check_answerable, check_consent
from windlass.operations.crew import LOOKING, Crew, crew
from windlass.operations.request import Request
from windlass.operations.running import run_or_print
from windlass.plans import resolve
from windlass.plans.reachable import check_reachable
from windlass.plans.resolve import Direction, Left, ways_on
from windlass.remote.opening import Entry
from windlass.remote.runner import Host
from windlass.report.jsonl import line
from windlass.tell import tell


def db_resolve(
    request: Request,
    *,
    applied: bool = False,
    rolled_back: bool = False,
    migration: str | None = None,
    yes: bool = False,
) -> int:
    """Show what a failed migration left; with a direction, settle it. The exit code.

    `migration` says which where several failed; `yes` does not ask. Raises UsageError for both directions at once.
    """
    if applied and rolled_back:
        raise UsageError(
            "--applied and --rolled-back are two ways; nothing was touched", hint="give one of them"
        )
    request.check_database()
    changes = (applied or rolled_back) and not request.dry_run
    if changes:
        check_answerable("db.resolve", yes=yes)
    entry = Entry() if changes else LOOKING
    with crew(request, "db.resolve", entry=entry, aside=not changes, first_only=True) as hosts:
        if applied or rolled_back:
            return _settle(hosts, "applied" if applied else "rolled back", migration, yes=yes)
        return _show(hosts, migration)


def left_by(config: Config, host: Host, named: str | None = None) -> tuple[Left, Papers] | None:
    """What the failed migration left, and what is written of it; None where none failed.

    Raises what `plans.resolve.chosen` does, and NotReady where the database does not answer.
    """
    tool = tools.tool(config)
    assert tool is not None, "an app without a database comes no further than its configuration"
    found = _look(config, host)
    name = resolve.chosen(found["applied"], named)
    if not name:
        return None
    last = next((one for one in reversed(found["state"].past.deploys) if name in one.migrations), None)
    revision = (last and last.revision) or "HEAD"
    asked = papers.texts(config, {name: revision}, (), tool.FILES)
    written: Papers = host.visit.ask(asked)["papers"]
    sql = written.up.get(name, "")
    looked = traces.question(resolve.changes_of(sql))
    traced = resolve.traced(sql, host.visit.ask(looked)["traces"])
    dumps = {backup.name for backup in found["backups"]}
    release = last.release if last else ""
    backup = str(config.layout.backup(release)) if release in dumps else ""
    return resolve.Left(name, traced, found["errors"].get(name, ""), backup), written


def _look(config: Config, host: Host) -> dict[str, Any]:
    found = host.visit.ask(
        state.question(config.layout, deploys=True),
        database.question(),
        backups.question(config.layout),
        *migrations.questions(config),
        *migrations.errors(config),
    )
    check_reachable(config, host.name, found["database"].problem)
    return found


def _show(crew: Crew, named: str | None) -> int:
    """Print what the failed migration left and the ways on; the exit code."""
    (host,) = crew.hosts
    found = left_by(crew.config, host, named)
    if crew.request.json:
        tell(line({"host": host.name, **(found[0].as_json() if found else {"migration": ""})}), end="")
    elif found is None:
        tell(f"{host.name}  no migration is left unfinished")
    else:
        for text in [*found[0].lines(), ways_on(host.name)]:
            tell(f"{host.name}  {one_line(text)}")
    return 0


def _settle(crew: Crew, direction: Direction, named: str | None, *, yes: bool) -> int:
    """Mark the failed migration, after a yes; the exit code. Raises Refused where its file is not known."""
    (host,) = crew.hosts
    found = left_by(crew.config, host, named)
    if found is None:
        text, live = "no migration is left unfinished", host.opened.live["release"]
        crew.nothing_to_do(host.name, live, text)
        return 0
    left, written = found
    checksum = written.checksums.get(left.migration, "")
    if direction == "applied" and not checksum:
        raise Refused(
            f"the SQL of {left.migration} is not in the workspace's git: no checksum; nothing was changed",
            hint="fab deploy --dry-run fetches; or --rolled-back",
        )
    for text in [*left.lines(), *resolve.doubts(left, direction)]:
        crew.warn(host.name, text)
    if not crew.request.dry_run:
        check_consent(f"{host.name}: mark {left.migration} as {direction}?", yes=yes, report=crew.report)
    tool = tools.tool(crew.config)
    assert tool is not None
    plan = resolve.resolve(crew.config, tool, left.migration, direction, checksum)
    return run_or_print(crew, [plan])


def tell_of_failed_migrations(crew: Crew) -> None:
    """Where a plan ended at its migrations, say which of their statements the database shows."""
    for host in crew.hosts:
        failure = host.end.get("failure") or {}
        if host.lost or failure.get("stage") != "migrate" or failure.get("title") != "migrate":
            continue
        try:
            found = left_by(crew.config, host)
        except WindlassError as error:
            crew.warn(host.name, error.message)
            continue
        for text in found[0].lines() if found else ["no migration is left unfinished"]:
            crew.warn(host.name, text)
