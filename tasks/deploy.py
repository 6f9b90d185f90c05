"""Deploy a revision."""

from __future__ import annotations

from windlass import operations
from windlass.cli.call import Call
from windlass.cli.command import RUN, command


@command(
    RUN,
    revision="branch, tag or commit (default: the target's branch, else the app's)",
    dry_run="fetch, then print every step's commands instead of running them",
    force="run also what need not run: install, generate, migrate; deploy what is live already",
    maintenance="the maintenance page is on from before the migrations until the new release has passed",
    rehearse="first try what is pending, and the way back, on a copy of the database; stop where that fails",
)
def deploy(
    call: Call,
    revision: str | None = None,
    force: bool = False,
    maintenance: bool = False,
    rehearse: bool = False,
) -> None:
    """Put a revision live; visitors notice nothing."""
    call.run(operations.deploy, revision, force=force, page=maintenance, rehearse=rehearse)
