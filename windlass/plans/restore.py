"""Another database in the place of the app's: made beside it, verified, and swapped in behind the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from windlass.commands import pm2, recovery, restore, scratch
from windlass.config import Config
from windlass.errors import NotReady, Refused, UsageError
from windlass.facts.applied import Applied
from windlass.facts.backups import Backup
from windlass.facts.databases import Databases
from windlass.facts.dump import Dump
from windlass.facts.state import State
from windlass.plan import Plan, Stage, Step
from windlass.plans import golive
from windlass.plans.golive import Cutover
from windlass.shell import NOTHING, Command, all_of, cmd, quote, when, write_file

MEGABYTE = 1 << 20
SWAP = "put it in the database's place"


@dataclass(frozen=True)
class Source:
    """What comes in the database's place: a dump on the server, or a `database` that is there already.

    `about` is the name with what is known of it. `sha256` is the dump's, "" where unknown. `sent`: the dump is a
    copy for this once, and goes at the end.
    """

    name: str
    about: str
    dump: PurePosixPath | None = None
    database: str = ""
    sha256: str = ""
    sent: bool = False


def source(
    config: Config,
    host: str,
    named: str,
    found: Databases,
    backups: Sequence[Backup],
    file: str | None,
    moment: str,
) -> Source:
    """What is meant by the name of a backup, a kept database or a local `file`, or by "latest".

    Raises UsageError where it is none of them, or "latest" and there is no verified backup.
    """
    layout = config.layout
    if file is not None:
        return Source(file, f"the file {file}", layout.backups / f"{moment}-sent.dump.partial", sent=True)
    if named in [kept.name for kept in found.kept]:
        return Source(named, f"the kept database {named}", database=named)
    wanted = named.removesuffix(".dump")
    chosen = next(
        (one for one in backups if (one.verified if named == "latest" else one.name == wanted)), None
    )
    if chosen is None:
        what = "no verified backup yet" if named == "latest" else f"no backup, kept database or file {named}"
        raise UsageError(
            f"{host}: there is {what}; nothing was changed", hint=f"fab db.backups -H {host} lists them"
        )
    said = "; ".join(filter(None, [f"{chosen.created:%Y-%m-%d %H:%M} UTC", chosen.why]))
    return Source(
        chosen.name, f"the backup {chosen.name} ({said})", layout.backup(chosen.name), sha256=chosen.sha256
    )


def check_database(config: Config, host: str, found: Databases) -> None:
    """Raise NotReady where the database does not answer, or may not be renamed, or no other be made beside it."""
    if found.problem:
        raise NotReady(
            f"{host}: the database did not answer ({found.problem}); nothing was changed",
            hint=f"is it up, and is {config.database.url} in {config.layout.env_file} right? "
            f"fab db.status -H {host} asks again",
        )
    role, name = _identifier(found.role), _identifier(found.name)
    wanted = []
    if not found.creates:
        wanted.append(f"ALTER ROLE {role} CREATEDB;")
    if not found.owns:
        wanted.append(f"ALTER DATABASE {name} OWNER TO {role};")
    if wanted:
        lacks = " and ".join(
            [
                *(["may make no database (CREATEDB)"] if not found.creates else []),
                *([f"does not own {found.name} ({found.owner} does)"] if not found.owns else []),
            ]
        )
        raise NotReady(
            f"{host}: {found.role} {lacks}, and a database is restored beside the present one; nothing was changed",
            hint=f"an administrator of PostgreSQL types: {' '.join(wanted)}",
        )


def check_dump(host: str, found: Databases, name: str, dump: Dump) -> None:
    """Raise Refused for a file that is no dump or of a newer PostgreSQL; as `check_room` where there is no room."""
    if dump.problem:
        raise Refused(
            f"{host}: {name} is no dump that pg_restore can read ({dump.problem}); nothing was changed",
            hint=f"pg_dump --format=custom makes one; fab db.backups -H {host} lists what is there",
        )
    if dump.version > found.version:
        raise Refused(
            f"{host}: {name} is of PostgreSQL {dump.version}, and the server has {found.version}: an older one "
            "does not understand all that a newer one writes; nothing was changed",
            hint=f"restore it on a server with PostgreSQL {dump.version}",
        )
    check_room(host, found)


def check_room(host: str, found: Databases) -> None:
    """Raise NotReady where another database of the same size has no room, as far as that can be known."""
    if found.free is not None and found.free < found.size:
        raise NotReady(
            f"{host}: the database takes {found.size // MEGABYTE} MiB, and its disk has {found.free // MEGABYTE} MiB "
            "free: another one beside it has no room; nothing was changed",
            hint=f"fab db.backups -H {host} lists the databases that earlier restores kept; "
            "fab db.drop NAME removes one",
        )


def plan(config: Config, host: str, state: State, source: Source, kept: str, to: Cutover | None) -> Plan:
    """Restore, swap, and start the live release anew through its gate; `to` is None where nothing is to run."""
    back = f"fab db.restore {kept} -H {host} swaps back"
    now = f"the database is now {source.about}, and the one before is kept as {kept}"
    resume = f"fab emergency-resume -H {host} starts the app; " if state.stopped is not None else ""
    stages = [*_filled(config, source), _swapped(config, source, kept, to)]
    if to is not None:
        stages += golive.stages(config, to)
    if source.sent and source.dump:
        tidy = Step("remove what was sent", cmd("rm", "-f", source.dump), 30, tolerated=True)
        stages.append(Stage("tidy", (tidy,), on_failure="warn", on_cancel="keep"))
    release = {"release": to.release, "revision": to.revision, "was": state.live} if to else {}
    return Plan(
        f"Put {source.name} in the place of the database of {config.app.name}",
        tuple(stages),
        recovery=golive.recover(config),
        prologue=golive.prologue(to) if to else NOTHING,
        record={**release, "restored": source.name, "kept": kept},
        notes=(f"the present database is kept as {kept}",),
        outlook=(now, f"{resume}{back}; fab db.drop {kept} -H {host} removes it"),
        lasting=((SWAP, f"{now[0].upper()}{now[1:]}: {back}"),),
    )


def differences(host: str, state: State, shipped: Sequence[str], applied: Applied) -> Iterator[str]:
    """In which migrations the database and the live release differ, each with what to type."""
    lacks = [name for name in shipped if name not in applied.names]
    if lacks:
        yield (
            f"the database lacks migrations of the live release ({', '.join(lacks)}): "
            f"fab deploy --force --revision {state.live_revision[:10]} -H {host} applies them"
        )
    beyond = sorted(applied.names - set(shipped))
    if beyond:
        yield (
            f"the database has migrations that the live release does not know ({', '.join(beyond)}): deploy a release "
            f"that brings them, or take them back with fab db.rollback -H {host}"
        )


def drop(config: Config, name: str) -> Plan:
    """Remove a database that a restore kept."""
    step = Step("remove the database", restore.drop(name), 120, environment=("database",))
    return Plan(
        f"Remove {name}",
        (Stage("drop", (step,)),),
        record={"dropped": name},
        outlook=(f"{name} is removed", ""),
    )


def _filled(config: Config, source: Source) -> list[Stage]:
    """The dump as a database of its own, of which nobody knows; a recovery drops it."""
    if source.dump is None:
        return []
    sure, rows = "the database is as it was", config.layout.run / "dumped-rows.next"
    return [
        Stage(
            "restore",
            (
                _step(config, "verify the dump", restore.verify(source.dump, source.sha256), hint=sure),
                _step(config, "make a scratch database", scratch.create(), hint=sure),
                _step(config, "restore into it", scratch.fill(source.dump, rows), hint=sure),
                _step(config, "compare the rows", scratch.compare(rows), hint=sure, show=True),
                _step(config, "give it the database's settings", restore.inherit(), hint=sure),
            ),
        )
    ]


def _swapped(config: Config, source: Source, kept: str, to: Cutover | None) -> Stage:
    mark = config.layout.migrated if to and to.page_up else None
    hint = "the database is as it was; whoever is connected to it and is not the app has to go first"
    check = _step(
        config, "see that nobody else is connected", restore.undisturbed(source.database), hint=hint
    )
    swap = Step(
        SWAP,
        restore.swap(kept, incoming=source.database, mark=mark),
        timeout=60,
        interruptible=False,
        environment=("database",),
        hint=hint,
    )
    return Stage("swap", (check, *_closed(config, kept, to), swap))


def _closed(config: Config, kept: str, to: Cutover | None) -> list[Step]:
    """Visitors get the page, and nothing of the app writes any more."""
    if to is None:
        return []
    layout = config.layout
    stop = Step(
        "stop the processes",
        all_of(pm2.ensure_daemon(), recovery.stop_all(config)),
        60 + config.web.kill_timeout,
    )
    if not to.page_up:
        return [stop]
    left = Command(f"! grep -Eqs '^(deploy|restore) ' {quote(layout.maintenance)}")
    up = all_of(
        when(left, cmd("rm", "-f", layout.migrated)),
        write_file(layout.maintenance_page, to.page),
        write_file(layout.maintenance, f"restore {kept}"),
    )
    return [Step("put the page up", up), stop]


def _step(config: Config, title: str, command: Command, *, hint: str = "", show: bool = False) -> Step:
    timeout = config.database.timeout
    return Step(title, command, timeout, environment=("database",), hint=hint, show=show)


def _identifier(name: str) -> str:
    """As SQL has it."""
    return '"' + name.replace('"', '""') + '"'
