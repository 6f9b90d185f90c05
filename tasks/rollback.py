"""Going back, and starting again what is live."""

from __future__ import annotations

from windlass import operations
from windlass.cli.call import Call
from windlass.cli.command import RUN, command


@command(
    RUN,
    commit="this hash, tag or branch: its kept release, else it is built (default: the last good release)",
    stable="the newest release that mark-stable marked",
    with_database="then also take back the migrations that this release does not know, as db.rollback does",
    yes="do not ask, with --with-database",
    without="host[,…] that stay as they are, such as one that is down; the others go back, with exit code 4",
)
def rollback(
    call: Call,
    commit: str | None = None,
    stable: bool = False,
    with_database: bool = False,
    yes: bool = False,
    without: str | None = None,
) -> None:
    """Go back to the last good release, or to the one named."""
    call.run(
        operations.rollback, commit, stable=stable, with_database=with_database, yes=yes, without=without
    )


@command(RUN)
def restart(call: Call) -> None:
    """Start the live release anew on the other slot, losing no request."""
    call.run(operations.restart)
