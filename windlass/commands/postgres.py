"""Backups with pg_dump, from the app's own database URL, which stays in the environment."""

from __future__ import annotations

from pathlib import PurePosixPath

from windlass.shell import Command, all_of, cmd, quote


def backup(into: PurePosixPath) -> Command:
    """Dump the database in the custom format, verify that it can be listed, and give it its name and checksum."""
    partial = into.with_name(into.name + ".partial")
    checksum = into.with_name(into.name + ".sha256")
    return all_of(
        Command("umask 077"),
        cmd("mkdir", "-p", into.parent),
        cmd("pg_dump", "--format=custom", "--no-password", "--file", partial),
        Command(f"pg_restore --list {quote(partial)} >/dev/null"),
        Command(f"cd {quote(into.parent)}"),
        Command(f"sha256sum {quote(partial.name)} | sed 's/\\.partial$//' >{quote(checksum.name)}"),
        cmd("mv", "-T", partial, into),
    )
