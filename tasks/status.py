"""What is live and how it does: the first thing to type when something is wrong."""

from __future__ import annotations

from windlass import operations
from windlass.cli.call import Call
from windlass.cli.command import LOOK, command


@command(LOOK)
def status(call: Call) -> None:
    """Show what is live on each host and how it does; changes nothing.

    Exit code 1 where a host was not reached or what is live there does not answer well, 4 where the hosts differ.
    """
    call.run(operations.status)
