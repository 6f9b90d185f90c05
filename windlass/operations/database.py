"""How the app's database does, and which migrations it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from windlass.config.model import Config
from windlass.errors import ExitCode
from windlass.facts import backups, database, migrations, shipped, state
from windlass.facts.applied import Applied
from windlass.operations.crew import onlookers
from windlass.operations.request import Request
from windlass.plans.ways import brought
from windlass.report.database_rows import HostDatabase, KnownMigration, Running, Waiting
from windlass.report.tables import show_database


def db_status(request: Request) -> int:
    """Print how the database does and which migrations it has; the exit code, that of a failure where it is silent.

    Raises Told where the host could not be reached.
    """
    request.check_database()
    config = request.config
    asked: list[Any] = [
        state.question(config.layout, deploys=True),
        database.question(),
        backups.question(config.layout),
        shipped.question(config),
        *migrations.questions(config),
    ]
    with onlookers(request, "db.status", first_only=True) as hosts:
        rows = [described(config, host.name, host.visit.ask(*asked)) for host in hosts.hosts]
        show_database(rows, json=request.json)
    return ExitCode.FAILED if any(row.error for row in rows) else ExitCode.DONE


def described(config: Config, host: str, answers: Mapping[str, Any]) -> HostDatabase:
    """One host's database, by the answers to the questions of `db.status`."""
    found, applied, ledger = answers["database"], answers["applied"], answers["state"]
    verified = next((backup for backup in answers["backups"] if backup.verified), None)
    about: dict[str, Any] = {
        "backup": verified.name if verified else "",
        "backup_age": max(0.0, ledger.now - verified.created.timestamp()) if verified else None,
    }
    problem = found.problem or applied.problem
    if problem:
        hint = f"is it up, and is {config.database.url} in {config.layout.env_file} right?"
        return HostDatabase(host, **about, error=f"the database did not answer: {problem}", hint=hint)
    longest = found.longest
    return HostDatabase(
        host,
        found.name,
        found.version,
        found.size,
        found.used,
        found.limit,
        found.connections,
        Running(longest.pid, longest.seconds, longest.query) if longest else None,
        tuple(Waiting(**vars(wait)) for wait in found.waits),
        tuple(known_migrations(applied, answers["shipped"], brought(ledger.past.deploys))),
        **about,
        warnings=tuple(_warnings(host, applied, about["backup"])),
    )


def known_migrations(
    applied: Applied, shipped: Sequence[str], brought: Mapping[str, str]
) -> Iterator[KnownMigration]:
    """Every migration that the database or the live release has, in order of their names."""
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
