"""What the operator sees: a live tree on a terminal, plain lines in a pipe, JSON lines for machines.

What `--json` prints is told in docs/json.md, which a test holds against `windlass.events` and `windlass.report.rows`.
"""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol, Self, TextIO

from windlass.clean import lines
from windlass.events import Event
from windlass.report import jsonl, units
from windlass.report.aside import AsideReport
from windlass.report.asking import ask, fill_in
from windlass.report.by_hand import runbook
from windlass.report.jsonl import JsonReport
from windlass.report.plain import PlainReport
from windlass.report.sink import Sink
from windlass.report.summary import complaint
from windlass.report.wording import TypedReport
from windlass.typed import as_typed

__all__ = [
    "Report",
    "ask",
    "fill_in",
    "make_aside",
    "make_report",
    "runbook",
    "say_error",
]


class Report(Protocol):
    """Shows a run. `emit` may be called from any thread and raises nothing; use it inside a `with`."""

    def emit(self, event: Event) -> None: ...

    def paused(self) -> AbstractContextManager[None]:
        """Draw nothing meanwhile, for a person is being asked; what was told so far stands above the question."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def make_aside(errors: TextIO | None = None) -> Report:
    """The report of a command whose standard output is its answer: on standard error, and quiet in a pipe."""
    sink = Sink(errors or sys.stderr)
    return TypedReport(_on_terminal(sink, sink) if sink.terminal else AsideReport(sink))


def make_report(
    *,
    json: bool = False,
    verbose: bool = False,
    stream: TextIO | None = None,
    errors: TextIO | None = None,
    width: int | None = None,
) -> Report:
    """The report that fits where the output goes; by default standard output and standard error.

    NO_COLOR is honoured; TERM=dumb gives plain lines. `width` is the terminal's own where it is not given.
    """
    sink = Sink(stream or sys.stdout)
    if json:
        return TypedReport(JsonReport(sink))
    complaints = Sink(errors or sys.stderr)
    if sink.terminal:
        return TypedReport(_on_terminal(sink, complaints, width=width, verbose=verbose))
    return TypedReport(PlainReport(sink, complaints, verbose=verbose))


def _on_terminal(sink: Sink, complaints: Sink, *, width: int | None = None, verbose: bool = False) -> Report:
    from windlass.report.terminal import TerminalReport  # noqa: PLC0415 - rich, only where somebody watches

    return TerminalReport(sink, complaints, width=width, verbose=verbose)


def say_error(
    message: str,
    hint: str = "",
    *,
    json: bool = False,
    stream: TextIO | None = None,
    errors: TextIO | None = None,
) -> None:
    """Show an error that no `Ended` told: two lines on standard error, or an object on standard output."""
    message, hint = as_typed(message), as_typed(hint)
    if json:
        known = {"time": units.utc(jsonl.now()), "event": "error", "message": message, "hint": hint}
        Sink(stream or sys.stdout).write(jsonl.line(known))
    else:
        Sink(errors or sys.stderr).write("\n".join(complaint(lines(message), lines(hint))) + "\n")
