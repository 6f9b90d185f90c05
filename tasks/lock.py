"""Who holds an app's lock, and ending a run that does not end by itself."""

from __future__ import annotations

from windlass import operations
from windlass.cli.call import Call
from windlass.cli.command import LOOK, command


@command(LOOK)
def show(call: Call) -> None:
    """Show who holds the lock, since when and at which step."""
    call.run(operations.lock_show)


@command(
    LOOK,
    name="break",
    yes="do not ask",
    wait="seconds that the run has to end and put things right, before it is killed (default: 60)",
)
def break_(call: Call, yes: bool = False, wait: int = 60) -> None:
    """End the run that holds the lock, and put right what it left."""
    call.run(operations.lock_break, yes=yes, wait=wait)
