"""Prisma's CLI, for what only it can do."""

from __future__ import annotations

from pathlib import PurePosixPath

from windlass.shell import Command, cmd, either, quote


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
