"""See it all without a server of your own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .options import task

if TYPE_CHECKING:
    from invoke.context import Context


@task(
    help={
        "keep": "leave the server up, and say how to use it",
        "end": "end the servers that --keep left up",
    }
)
def demo(ctx: Context, keep: bool = False, end: bool = False) -> None:
    """See deploys, a rollback and a stop on a throwaway server, under load."""
    from windlass.demo.play import end_kept, play
    from windlass.errors import UsageError

    if ctx.config.get("windlass", {}).get("hosts") is not None:
        raise UsageError("the demo has a server of its own, so -H has no use", hint="fab demo")
    if keep and end:
        raise UsageError("--keep leaves a server up, --end ends it: choose one", hint="fab demo --end")
    if end:
        end_kept()
    else:
        play(keep=keep)
