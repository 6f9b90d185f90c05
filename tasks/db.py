"""The app's database: backups, how it does, and its ways back."""

from __future__ import annotations

from windlass import operations
from windlass.cli.call import Call
from windlass.cli.command import HOSTS, LOOK, RUN, command


@command(RUN)
def backup(call: Call) -> None:
    """Back the database up on the server and verify that; backups that are too old go."""
    call.run(operations.db_backup)


@command(LOOK, backup="its name, as db.backups shows it (default: the newest verified one)")
def copy(call: Call, backup: str = "") -> None:
    """Copy a backup to the store that the configuration names."""
    call.run(operations.db_copy, backup)


@command(LOOK)
def backups(call: Call) -> None:
    """List the backups, newest first, and the databases that restores put aside."""
    call.run(operations.db_backups)


@command(LOOK)
def status(call: Call) -> None:
    """Show how the database does and which migrations it has.

    Exit code 1 where it does not answer.
    """
    call.run(operations.db_status)


@command(
    RUN,
    to="take back what came after this release, named by id or commit (default: what the live release "
    "does not know, else what it brought)",
    yes="do not ask",
)
def rollback(call: Call, to: str | None = None, yes: bool = False) -> None:
    """Take migrations back: backed up first, then their SQL in one transaction."""
    call.run(operations.db_rollback, to, yes=yes)


@command(
    RUN,
    applied="it was completed by hand: let it count as applied",
    rolled_back="what it did was taken back by hand: let it be pending again",
    migration="which, where several failed (default: the only one)",
    yes="do not ask",
)
def resolve(
    call: Call,
    applied: bool = False,
    rolled_back: bool = False,
    migration: str | None = None,
    yes: bool = False,
) -> None:
    """Show what a failed migration left; with a direction, settle it."""
    call.run(operations.db_resolve, applied=applied, rolled_back=rolled_back, migration=migration, yes=yes)


@command(
    RUN,
    positional=["backup"],
    backup="a backup's name, latest, a dump on this machine, or a database that an earlier restore kept",
    yes="do not ask",
)
def restore(call: Call, backup: str, yes: bool = False) -> None:
    """Put a backup in the database's place; the present one is kept beside it."""
    call.run(operations.db_restore, backup, yes=yes)


@command(
    RUN,
    revision="branch, tag or commit (default: the target's branch, else the app's)",
    dry_run="fetch, then print every step's commands instead of running them",
)
def rehearse(call: Call, revision: str | None = None) -> None:
    """Try the pending migrations, and the way back, on a copy of the database."""
    call.run(operations.db_rehearse, revision)


@command(
    ("dry_run", *LOOK),
    connects=False,
    positional=["name"],
    name_="a database that an earlier restore kept, as db.backups lists it",
    yes="do not ask",
)
def drop(call: Call, name: str, yes: bool = False) -> None:
    """Remove a database that a restore kept; no other can be named."""
    call.run(operations.db_drop, name, yes=yes)


@command(HOSTS, connects=False)
def console(call: Call) -> None:
    """Open psql on the server, logged in as the app is; in a pipe it reads SQL."""
    call.run(operations.db_console)


@command(LOOK, port="the port of this machine (default: one that is free)")
def tunnel(call: Call, port: int = 0) -> None:
    """Forward a port of this machine to the database, until Ctrl-C."""
    call.run(operations.db_tunnel, port)
