"""The report of a command whose standard output is its answer: progress and warnings go beside it."""

from __future__ import annotations

from windlass.events import Ended, Event, Note
from windlass.report.plain import PlainReport
from windlass.report.sink import Sink
from windlass.report.steady import Steady


class AsideReport(Steady):
    """Warnings, and ends without an answer, on standard error: an answer that is there needs no progress."""

    def __init__(self, errors: Sink) -> None:
        self._plain = PlainReport(errors, errors)

    def emit(self, event: Event) -> None:
        """Write a warning's line, or how the command ended."""
        if isinstance(event, Ended) or (isinstance(event, Note) and event.level == "warning"):
            self._plain.emit(event)
