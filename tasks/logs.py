"""The app's own lines, and nginx's."""

from __future__ import annotations

from windlass import operations
from windlass.cli.call import Call
from windlass.cli.command import LOOK, command


@command(
    LOOK,
    lines="how many of the last lines of each file (default: 50)",
    follow="go on with what is added, across deploys, until Ctrl-C",
    process="web, or one of [processes] (default: all of them)",
    nginx="nginx's access log of the app instead",
    grep="only lines that hold this text, whatever its case",
)
def logs(
    call: Call,
    lines: int = 50,
    follow: bool = False,
    process: str | None = None,
    nginx: bool = False,
    grep: str = "",
) -> None:
    """Show the app's last lines on the live slot; secrets are masked."""
    call.run(operations.logs, lines=lines, follow=follow, process=process, nginx=nginx, grep=grep)
