"""What the server answered of its database, as the rows that the report shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from windlass.config.model import Config
    from windlass.facts.applied import Applied
    from windlass.facts.backups import Backup
    from windlass.facts.databases import Kept
    from windlass.report.database_rows import HostDatabase, KnownMigration, StoredBackup


def stored(config: Config, host: str, found: Sequence[Backup], now: float) -> list[StoredBackup]:
    """One host's backups, in the order given; `now` by the server's clock."""
    from windlass.report.database_rows import StoredBackup

    return [
        StoredBackup(
            host,
            backup.name,
            backup.created,
            max(0.0, now - backup.created.timestamp()),
            backup.bytes,
            backup.release,
            backup.why,
            backup.version,
            backup.verified,
            str(config.layout.backup(backup.name)),
            backup.copied,
        )
        for backup in found
    ]


def kept(host: str, databases: Sequence[Kept], now: float) -> list[StoredBackup]:
    """One host's databases that restores put aside, newest first."""
    from windlass.report.database_rows import StoredBackup

    return [
        StoredBackup(
            host,
            one.name,
            one.since,
            max(0.0, now - one.since.timestamp()),
            one.size or 0,
            why="put aside by db.restore",
        )
        for one in reversed(databases)
    ]


def described(config: Config, host: str, answers: Mapping[str, Any]) -> HostDatabase:
    """One host's database, by the answers to the questions of `db.status`."""
    from windlass.ledger import brought
    from windlass.report.database_rows import HostDatabase, Running, Waiting

    database, applied, state = answers["database"], answers["applied"], answers["state"]
    verified = next((backup for backup in answers["backups"] if backup.verified), None)
    about: dict[str, Any] = {
        "backup": verified.name if verified else "",
        "backup_age": max(0.0, state.now - verified.created.timestamp()) if verified else None,
    }
    problem = database.problem or applied.problem
    if problem:
        hint = f"is it up, and is {config.database.url} in {config.layout.env_file} right?"
        return HostDatabase(host, **about, error=f"the database did not answer: {problem}", hint=hint)
    longest = database.longest
    return HostDatabase(
        host,
        database.name,
        database.version,
        database.size,
        database.used,
        database.limit,
        database.connections,
        Running(longest.pid, longest.seconds, longest.query) if longest else None,
        tuple(Waiting(**vars(wait)) for wait in database.waits),
        tuple(migrations(applied, answers["shipped"], brought(state.records))),
        **about,
        warnings=tuple(_warnings(host, applied, about["backup"])),
    )


def migrations(
    applied: Applied, shipped: Sequence[str], brought: Mapping[str, str]
) -> Iterator[KnownMigration]:
    """Every migration that the database or the live release has, in order of their names."""
    from windlass.report.database_rows import KnownMigration

    for name in sorted({*applied.names, *applied.failed, *shipped}):
        if name in applied.failed:
            yield KnownMigration(name, "failed", brought.get(name, ""))
        elif name not in applied.names:
            yield KnownMigration(name, "pending")
        else:
            yield KnownMigration(name, "applied" if name in shipped else "foreign", brought.get(name, ""))


def _warnings(host: str, applied: Applied, backup: str) -> Iterator[str]:
    if applied.failed:
        names = ", ".join(applied.failed)
        yield f"{names} did not finish, and no deploy migrates until that is resolved: fab db.resolve -H {host}"
    if applied.running:
        pid, seconds = applied.running.split()
        yield f"a migration is at work, as pid {pid}, for {seconds} s now"
    if not backup:
        yield f"there is no verified backup: fab db.backup -H {host}"
