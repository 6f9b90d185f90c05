"""Prisma's CLI, for what only it can do, and the SQL of its account of migrations.

That account is the table `_prisma_migrations`. The CLI gives no applied migration back, and without its Rust
engines does not resolve a failed one: what it would write is written here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from windlass.shell import Command, cmd, either, quote

FILES = ("migration.sql", "down.sql")
"""In a migration's folder: the SQL that applies it, and what takes it back where the developers wrote that."""

ACCOUNT = "_prisma_migrations"

LOCK = "DO $$ BEGIN PERFORM pg_advisory_xact_lock(72707369); END $$;"
"""The lock that `prisma migrate` takes, until the transaction ends."""


def generate() -> Command:
    return cmd("prisma", "generate")


def migrate() -> Command:
    """Apply what is pending; the lock time-out comes with the environment `migrate`."""
    return cmd("prisma", "migrate", "deploy")


def down_sql(new: PurePosixPath, old: PurePosixPath, into: PurePosixPath) -> Command:
    """Write the SQL that leads from the new schema back to the old, while both files exist.

    Prisma 7 renamed the options that 5 and 6 have.
    """
    recent = Command(f"prisma migrate diff --from-schema {quote(new)} --to-schema {quote(old)} --script")
    before = Command(
        f"prisma migrate diff --from-schema-datamodel {quote(new)} --to-schema-datamodel {quote(old)} --script"
    )
    incoming = into.with_name(into.name + ".next")
    return Command(
        "umask 077\n"
        f"{either(Command(f'{before} >{quote(incoming)} 2>/dev/null'), Command(f'{recent} >{quote(incoming)}'))}\n"
        f"{cmd('mv', '-T', incoming, into)}"
    )


def forget(migrations: Sequence[str]) -> str:
    """SQL: these applied migrations are no longer in the account; an error where one is not there as applied."""
    return _exactly(
        f"DELETE FROM {ACCOUNT} WHERE migration_name IN ({', '.join(map(_literal, migrations))})"  # noqa: S608
        " AND finished_at IS NOT NULL AND rolled_back_at IS NULL",
        len(migrations),
    )


def mark_rolled_back(migration: str) -> str:
    """SQL: a failed migration is resolved, and pending again; an error where it is not there as failed."""
    return _exactly(
        f"UPDATE {ACCOUNT} SET rolled_back_at = now() WHERE migration_name = {_literal(migration)}"  # noqa: S608
        " AND finished_at IS NULL AND rolled_back_at IS NULL",
        1,
    )


def mark_applied(migration: str, checksum: str) -> str:
    """SQL: a failed migration is resolved as applied, by a row as `prisma migrate resolve --applied` writes it.

    `checksum` is the SHA-256 of its SQL file in hexadecimal digits, which Prisma compares.
    """
    return (
        f"{mark_rolled_back(migration)}\n"
        f"INSERT INTO {ACCOUNT} "
        "(id, checksum, migration_name, started_at, finished_at, applied_steps_count)\n"
        "    VALUES (md5(random()::text || clock_timestamp()::text)::uuid::text, "
        f"{_literal(checksum)}, {_literal(migration)}, now(), now(), 0);"
    )


def _exactly(change: str, rows: int) -> str:
    """The change, or an error where it meets fewer rows than these."""
    return f"""\
DO $windlass$ DECLARE met integer; BEGIN
    {change};
    GET DIAGNOSTICS met = ROW_COUNT;
    IF met < {rows} THEN RAISE EXCEPTION 'the migrations are not what they were a moment ago'; END IF;
END $windlass$;"""


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
