"""See it all without a server of your own."""

from __future__ import annotations

from windlass.cli.call import Call
from windlass.cli.command import command
from windlass.errors import UsageError


@command(
    keep="leave the server up, and say how to use it",
    end="end the servers that --keep left up",
)
def demo(call: Call, keep: bool = False, end: bool = False) -> None:
    """See deploys, a rollback and a stop on a throwaway server, under load."""
    from windlass.demo.play import end_kept, play  # noqa: PLC0415 - no other command waits for it

    if call.hosts is not None:
        raise UsageError("the demo has a server of its own, so -H has no use", hint="fab demo")
    if keep and end:
        raise UsageError("--keep leaves a server up, --end ends it: choose one", hint="fab demo --end")
    if end:
        end_kept()
    else:
        play(keep=keep)
