"""Putting another state in the database's place on a host: what is meant, whether it may, and a yes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .consent import check_answerable, check_consent

if TYPE_CHECKING:
    from pathlib import Path

    from invoke.context import Context

    from windlass.config.model import Config
    from windlass.facts.databases import Databases
    from windlass.plan import Plan
    from windlass.plans.golive import Cutover
    from windlass.plans.look import Look
    from windlass.plans.restorable import Source
    from windlass.remote.runner import Host

    from .visiting import Crew


def local_dump(named: str) -> Path | None:
    """The file of this machine that is meant; raises UsageError for one that cannot be restored."""
    from pathlib import Path

    from windlass.errors import UsageError

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


def confirm(
    ctx: Context, config: Config, named: str, file: Path | None, *, target: str | None, json: bool
) -> None:
    """Say what would be put in whose place, and ask; raises Refused at a no."""
    from windlass.facts import backups, databases, state
    from windlass.plans import restorable
    from windlass.remote.opening import Entry
    from windlass.report import units

    from .visiting import crew

    check_answerable("db.restore", yes=False)
    asked: list[Any] = [
        state.question(config.layout, records=1), databases.question(), backups.question(config.layout),
    ]  # fmt: skip
    looking = Entry("unlocked", as_owner=True)
    with crew(
        ctx, config, "db.restore", target=target, entry=looking, aside=True, first_only=True, json=json
    ) as hosts:
        (host,) = hosts.hosts
        answers = host.visit.ask(*asked)
        found = answers["databases"]
        source = restorable.source(
            config, host.name, named, found, answers["backups"], file.name if file else None, ""
        )
        restorable.check_database(config, host.name, found)
    check_consent(
        f"{host.name}: {source.about} comes in the place of the database {found.name} ({units.size(found.size)}), "
        "which is put aside under another name. Meanwhile visitors get the maintenance page. What was written since "
        "is then in the one put aside alone. Go on?",
        yes=False,
    )


def planned(crew: Crew, host: Host, named: str, file: Path | None, *, send: bool) -> Plan:
    """Look, send the file where there is one, and decide; raises what speaks against it."""
    from windlass.facts import backups, databases
    from windlass.plans import restorable, restore
    from windlass.plans.backup import name_at

    from .looking import check_ready, look_of, questions

    config = crew.config
    if send:
        host.visit.settle()
    asked = [*questions(config), databases.question(), backups.question(config.layout)]
    answers = host.visit.ask(*asked)
    seen, found = look_of(config, answers), answers["databases"]
    moment = name_at(seen.state.now)
    source = restorable.source(
        config, host.name, named, found, answers["backups"], file.name if file else None, moment
    )
    restorable.check_database(config, host.name, found)
    to = _cutover(config, seen)
    if to is not None:
        check_ready(config, host, seen, building=False)
    if file and send:
        source = _sent(crew, host, source, file)
    if source.dump and (send or not file):
        _check_dump(host, found, source)
    return restore.plan(config, host.name, seen.state, source, found.kept_as(moment), to)


def warn_of_others(crew: Crew) -> None:
    """Say what the app's other hosts do meanwhile, where it has any."""
    from windlass.events import Note

    if crew.others:
        text = (
            f"the app on {', '.join(crew.others)} is not stopped meanwhile: what it writes before the swap is in the "
            "database put aside; fab maintenance.on there first, and off again afterwards, where that matters"
        )
        crew.report.emit(Note(crew.hosts[0].name, text, "warning"))


def tell_migrations(crew: Crew, host: Host) -> None:
    """Warn where the database and the live release differ in migrations."""
    from windlass.events import Note
    from windlass.facts import migrations, shipped, state
    from windlass.plans.restore import SWAP, differences

    failure = host.end.get("failure")
    cancelled = failure and failure["state"] == "cancelled"  # then the agent has gone
    if host.lost or cancelled or SWAP not in host.end.get("done", []):
        return
    config = crew.config
    asked: list[Any] = [state.question(config.layout, records=1), shipped.question(config)]
    answers = host.visit.ask(*asked, *migrations.questions(config))
    if "applied" in answers and answers["state"].live:
        for text in differences(host.name, answers["state"], answers["shipped"], answers["applied"]):
            crew.report.emit(Note(host.name, text, "warning"))


def _check_dump(host: Host, found: Databases, source: Source) -> None:
    """Raise what speaks against a dump on the server; one that was sent for nothing is removed."""
    from windlass.errors import WindlassError
    from windlass.facts import dump
    from windlass.plans import restorable, restore

    assert source.dump
    try:
        restorable.check_dump(host.name, found, source, host.visit.ask(dump.question(source.dump))["dump"])
    except WindlassError:
        if source.sent:
            host.visit.start(restore.unsend(source.dump))
            host.visit.go("tidy")
            host.visit.expect("end")
        raise


def _cutover(config: Config, seen: Look) -> Cutover | None:
    """The live release, to be started anew; None where nothing is live, or the app is stopped."""
    from windlass.plans.deploy import Options

    from .cutover import cutover_to
    from .deploy import has_page

    live = seen.state.release(seen.state.live)
    if live is None or seen.state.stopped is not None:
        return None
    page = has_page(seen, Options(page=True))
    return cutover_to(config, seen, live.id, live.revision, known=True, page=page)


def _sent(crew: Crew, host: Host, source: Source, file: Path) -> Source:
    from dataclasses import replace

    from windlass.errors import UsageError
    from windlass.remote.sending import send_file

    assert source.dump
    try:
        digest = send_file(host, file, source.dump, crew.report.emit)
        return replace(source, sha256=digest, takes=file.stat().st_size)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}; nothing was changed") from error
