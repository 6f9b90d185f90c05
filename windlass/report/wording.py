"""A report that names the program that was typed."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from windlass.events import Ended, Event, Note, StepEnded
from windlass.typed import as_typed

if TYPE_CHECKING:
    from windlass.report import Report


class TypedReport:
    """Hands on every event; what it advises to type begins with the program that was typed."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def emit(self, event: Event) -> None:
        self._report.emit(_worded(event))

    def paused(self) -> AbstractContextManager[None]:
        return self._report.paused()

    def __enter__(self) -> Self:
        self._report.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._report.__exit__(kind, error, trace)


def _worded(event: Event) -> Event:
    """The event in the words of the program; what a server printed stays as it is."""
    match event:
        case Ended():
            return replace(event, message=as_typed(event.message), hint=as_typed(event.hint))
        case StepEnded():
            return replace(event, reason=as_typed(event.reason))
        case Note():
            return replace(event, text=as_typed(event.text))
    return event
