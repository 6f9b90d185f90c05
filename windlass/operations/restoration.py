"""Another state of the app's database: from a backup, a file, or what an earlier restore kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from windlass.errors import UsageError, WindlassError
from windlass.facts import backups, databases, dump, migrations, shipped, state
from windlass.operations.consent import check_answerable, check_consent
from windlass.operations.crew import LOOKING, Crew, crew
from windlass.operations.looking import look_of, questions
from windlass.operations.request import Request
from windlass.operations.running import carry_out
from windlass.plans import restore as plans
from windlass.plans.decide import drop as dropping
from windlass.plans.decide import restore as decision
from windlass.plans.decide.decision import Decision
from windlass.plans.decide.restore import Seen
from windlass.plans.restorable import Source
from windlass.remote.runner import Host
from windlass.remote.sending import send_file
from windlass.report import units


def db_restore(request: Request, backup: str, *, yes: bool = False) -> int:
    """Put another state in the place of the first host's database, which is kept beside it; the exit code.

    `backup` is a backup's name, "latest", a dump on this machine, or a database that an earlier restore kept. `yes`
    does not ask. Raises UsageError for what is none of them, Refused for a dump that cannot be restored or at a no,
    NotReady where the server does not bear it.
    """
    request.check_database()
    file = _local_dump(backup)
    dry_run = request.dry_run
    if not (yes or dry_run):
        _confirm(request, backup, file)
    entry = LOOKING if dry_run else None
    what = "db.restore --dry-run" if dry_run else "db.restore"
    with crew(request, what, entry=entry, aside=dry_run, first_only=True) as hosts:
        return carry_out(hosts, _decided(hosts, backup, file), then=_tell_of_migrations)


def db_drop(request: Request, name: str, *, yes: bool = False) -> int:
    """Remove a database that a restore kept, after a question that `yes` answers; the exit code.

    Raises UsageError for any other database, Refused at a no, NotReady where the database does not answer.
    """
    request.check_database()
    sure = yes or request.dry_run
    check_answerable("db.drop", yes=sure)
    check_consent(f"The database {name} is removed for good. Remove it?", yes=sure)
    entry = LOOKING if request.dry_run else None
    with crew(request, "db.drop", entry=entry, aside=request.dry_run, first_only=True) as hosts:
        (host,) = hosts.hosts
        found = host.visit.ask(databases.question())["databases"]
        return carry_out(hosts, dropping.decide(request.config, host.name, found, name))


def _local_dump(named: str) -> Path | None:
    """The file of this machine that is meant; raises UsageError for one that cannot be restored."""
    file = Path(named).expanduser()
    if not named.strip():
        raise UsageError(
            "db.restore wants a backup's name; nothing was touched", hint="fab db.backups lists them"
        )
    if "/" not in named and not file.is_file():
        return None  # a backup's name, or a database's
    try:
        with file.open("rb") as source:
            head = source.read(5)
    except OSError as error:
        raise UsageError(f"{named}: {error.strerror}; nothing was touched") from error
    if head != b"PGDMP":
        raise UsageError(
            f"{named} is no dump in PostgreSQL's custom format; nothing was touched",
            hint="pg_dump --format=custom makes one; SQL text is for psql: fab db.console",
        )
    return file


def _confirm(request: Request, named: str, file: Path | None) -> None:
    """Say what would be put in whose place, and ask; raises Refused at a no."""
    check_answerable("db.restore", yes=False)
    config = request.config
    with crew(request, "db.restore", entry=LOOKING, aside=True, first_only=True) as hosts:
        (host,) = hosts.hosts
        answers = host.visit.ask(databases.question(), backups.question(config.layout))
        found = answers["databases"]
        source = decision.meant(config, host.name, named, _name(file), found, answers["backups"])
    check_consent(
        f"{host.name}: {source.about} comes in the place of the database {found.name} ({units.size(found.size)}), "
        "which is put aside under another name. Meanwhile visitors get the maintenance page. What was written since "
        "is then in the one put aside alone. Go on?",
        yes=False,
    )


def _decided(crew: Crew, named: str, file: Path | None) -> Decision:
    """Look, send the file where there is one, look at the dump, and decide; raises what speaks against it."""
    (host,) = crew.hosts
    config, send = crew.config, not crew.request.dry_run
    seen = _look(crew, host)
    chosen = decision.choose(config, seen, named, _name(file), folders=crew.request.folders)
    for one in chosen.said:
        crew.warn(one.host, one.text)
    if file and send:
        chosen = replace(chosen, source=_sent(crew, host, chosen.source, file))
    source = chosen.source
    there = source.dump if send or not file else None
    try:
        found = host.visit.ask(dump.question(there))["dump"] if there else None
        return decision.decide(config, seen, chosen, found)
    except WindlassError:
        if file and send and source.dump:
            host.visit.start(plans.unsend(source.dump))
            host.visit.go("tidy")
            host.visit.expect("end")
        raise


def _look(crew: Crew, host: Host) -> Seen:
    if not crew.request.dry_run:
        host.visit.settle()
    answers = host.visit.ask(*questions(crew.config), databases.question())
    return Seen(host.name, look_of(answers), answers["databases"], crew.others)


def _sent(crew: Crew, host: Host, source: Source, file: Path) -> Source:
    assert source.dump
    try:
        digest = send_file(host, file, source.dump, crew.report.emit)
        return replace(source, sha256=digest, takes=file.stat().st_size)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}; nothing was changed") from error


def _tell_of_migrations(crew: Crew) -> None:
    """Warn where the database and the live release differ in migrations."""
    (host,) = crew.hosts
    failure = host.end.get("failure")
    cancelled = failure and failure["state"] == "cancelled"  # then the agent has gone
    if host.lost or cancelled or plans.SWAP not in host.end.get("done", []):
        return
    config = crew.config
    asked: list[Any] = [state.question(config.layout), shipped.question(config)]
    answers = host.visit.ask(*asked, *migrations.questions(config))
    if "applied" in answers and answers["state"].live:
        for text in plans.differences(host.name, answers["state"], answers["shipped"], answers["applied"]):
            crew.warn(host.name, text)


def _name(file: Path | None) -> str | None:
    return file.name if file else None
