"""The report of a command whose standard output is its answer: progress and warnings go beside it."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from windlass.events import Event, Note
from windlass.report.plain import PlainReport
from windlass.report.sink import Sink


class AsideReport:
    """Warnings on standard error and nothing else, for a pipe: an answer that is there needs no progress."""

    def __init__(self, errors: Sink) -> None:
        self._plain = PlainReport(errors, errors)

    def emit(self, event: Event) -> None:
        """Write a warning's line."""
        if isinstance(event, Note) and event.level == "warning":
            self._plain.emit(event)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass
