"""What is kept, what happened, and which release is known to be good."""

from __future__ import annotations

from windlass import operations
from windlass.cli.call import Call
from windlass.cli.command import LOOK, command


@command(LOOK)
def releases(call: Call) -> None:
    """List the kept releases, newest first."""
    call.run(operations.releases)


@command(
    LOOK,
    lines="how many runs (default: 20)",
    json="the ledger's own records, one JSON object a line",
)
def history(call: Call, lines: int = 20) -> None:
    """Show what was done, by whom and how it ended, newest first."""
    call.run(operations.history, lines=lines)


@command(LOOK, name="mark-stable", release="its id, or its commit's hash (default: the live one)")
def mark_stable(call: Call, release: str | None = None) -> None:
    """Mark a release as one to go back to: fab rollback --stable."""
    call.run(operations.mark_stable, release)
