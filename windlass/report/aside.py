"""The report of a command whose standard output is its answer: progress and warnings go beside it."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Self

from windlass.events import Ended, Event, Note
from windlass.report.plain import PlainReport
from windlass.report.sink import Sink


class AsideReport:
    """Warnings, and ends without an answer, on standard error: an answer that is there needs no progress."""

    def __init__(self, errors: Sink) -> None:
        self._plain = PlainReport(errors, errors)

    def emit(self, event: Event) -> None:
        """Write a warning's line, or how the command ended."""
        if isinstance(event, Ended) or (isinstance(event, Note) and event.level == "warning"):
            self._plain.emit(event)

    def paused(self) -> AbstractContextManager[None]:
        return nullcontext()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass
