"""The question before what cannot be taken back as easily as it is typed."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from windlass.report import Report


def check_answerable(what: str, *, yes: bool) -> None:
    """Raise UsageError where somebody has to be asked and nobody could answer; before anything is touched."""
    import sys

    from windlass.errors import UsageError

    if not yes and not sys.stdin.isatty():
        raise UsageError(
            f"{what} asks before it changes anything, and there is no terminal to answer on; nothing was touched",
            hint="--yes answers; --dry-run shows what it would do",
        )


def check_consent(question: str, *, yes: bool, report: Report | None = None) -> None:
    """Ask at the terminal, unless `yes`; a report that runs waits meanwhile. Raises Refused for a no."""
    from windlass.errors import Refused
    from windlass.report import ask

    if yes:
        return
    with report.paused() if report else nullcontext():
        agreed = ask(question)
    if not agreed:
        raise Refused("not confirmed; nothing was changed")
