"""What can come in the place of the app's database, and what speaks against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from windlass.config.model import Config
from windlass.errors import NotReady, Refused, UsageError
from windlass.facts.backups import Backup
from windlass.facts.databases import Databases
from windlass.facts.dump import Dump
from windlass.plans.reachable import check_reachable

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Source:
    """What comes in the database's place: a dump on the server, or a `database` that is there already.

    `about` is the name with what is known of it. `sha256` is the dump's, "" where unknown. `sent`: the dump is a
    copy for this once, and goes at the end. `takes`: bytes that it is known to take at least as a database.
    """

    name: str
    about: str
    dump: PurePosixPath | None = None
    database: str = ""
    sha256: str = ""
    sent: bool = False
    takes: int = 0


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
        chosen.name,
        f"the backup {chosen.name} ({said})",
        layout.backup(chosen.name),
        sha256=chosen.sha256,
        takes=chosen.database,
    )


def check_database(config: Config, host: str, found: Databases) -> None:
    """Raise NotReady where the database does not answer, or may not be renamed, or no other be made beside it."""
    check_reachable(config, host, found.problem)
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


def check_copy(config: Config, host: str, found: Databases) -> None:
    """Raise NotReady where no copy of the database can be made: no right to, or no room for it."""
    check_database(config, host, found)
    check_room(host, found)


def check_dump(host: str, found: Databases, source: Source, dump: Dump) -> None:
    """Raise Refused for a file that is no dump or of a newer PostgreSQL; as `check_room` where there is no room."""
    if dump.problem:
        raise Refused(
            f"{host}: {source.name} is no dump that pg_restore can read ({dump.problem}); nothing was changed",
            hint=f"pg_dump --format=custom makes one; fab db.backups -H {host} lists what is there",
        )
    if dump.version > found.version:
        raise Refused(
            f"{host}: {source.name} is of PostgreSQL {dump.version}, and the server has {found.version}: an older one "
            "does not understand all that a newer one writes; nothing was changed",
            hint=f"restore it on a server with PostgreSQL {dump.version}",
        )
    check_room(host, found, source.takes)


def check_room(host: str, found: Databases, takes: int = 0) -> None:
    """Raise NotReady where another database of the same size, or of `takes` bytes, has no room, as far as is known.

    With the log of making it: a disk on which that cannot grow ends PostgreSQL for all who use it.
    """
    size = max(found.size, takes)
    log = min(size, found.log)
    if found.free is not None and found.free < size + log:
        raise NotReady(
            f"{host}: the database takes {size // MEGABYTE} MiB and the log of making it up to {log // MEGABYTE} MiB, "
            f"and their disk has {found.free // MEGABYTE} MiB free: another one beside it has no room; nothing was "
            "changed",
            hint=f"fab db.backups -H {host} lists the databases that earlier restores kept; "
            "fab db.drop NAME removes one",
        )


def _identifier(name: str) -> str:
    """As SQL has it."""
    return '"' + name.replace('"', '""') + '"'
