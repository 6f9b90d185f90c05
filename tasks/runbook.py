"""What deploy and rollback would run, without running it."""

from __future__ import annotations

from windlass import operations
from windlass.cli.call import Call
from windlass.cli.command import HOSTS, command


@command(
    HOSTS,
    rollback="what fab rollback would run, instead of fab deploy",
    revision="branch, tag or commit to deploy (default: the target's branch, else the app's)",
)
def runbook(call: Call, rollback: bool = False, revision: str | None = None) -> None:
    """Print what deploy or rollback would run, step by step, fit to be typed by hand."""
    call.run(operations.runbook, rollback=rollback, revision=revision)
