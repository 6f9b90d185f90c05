"""The app's `.env` on the servers: a new one, an earlier one, what it holds."""

from __future__ import annotations

from windlass import operations
from windlass.cli.call import Call
from windlass.cli.command import LOOK, command

DRY_RUN = "say what would change and print every step, instead of doing it"


@command(("dry_run", *LOOK), file="lines of NAME=value; - is standard input", dry_run=DRY_RUN)
def push(call: Call, file: str) -> None:
    """Put a local file on the servers as the app's .env, under a new version number."""
    call.run(operations.env_push, file)


@command(("dry_run", *LOOK), version="its number, as env.list shows it", dry_run=DRY_RUN)
def use(call: Call, version: str) -> None:
    """Go back, or forth, to a kept version of the app's .env."""
    call.run(operations.env_use, version)


@command(LOOK, name="list")
def list_(call: Call) -> None:
    """List what the app's .env holds, values masked, and its kept versions."""
    call.run(operations.env_list)
