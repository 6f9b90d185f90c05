"""The question before what cannot be taken back as easily as it is typed."""

from __future__ import annotations

import sys
from contextlib import nullcontext

from windlass.errors import Refused, UsageError
from windlass.report import Report, ask


def check_answerable(what: str, *, yes: bool) -> None:
    """Raise UsageError where somebody has to be asked and nobody could answer; before anything is touched."""
    if not yes and not sys.stdin.isatty():
        raise UsageError(
            f"{what} asks before it changes anything, and there is no terminal to answer on; nothing was touched",
            hint="--yes answers; --dry-run shows what it would do",
        )


def check_consent(question: str, *, yes: bool, report: Report | None = None, hint: str = "") -> None:
    """Ask at the terminal, unless `yes`; a report that runs waits meanwhile. Raises Refused for a no.

    `hint` is how to say yes without being asked.
    """
    if yes:
        return
    with report.paused() if report else nullcontext():
        agreed = ask(question)
    if not agreed:
        raise Refused("not confirmed; nothing was changed", hint=hint)
