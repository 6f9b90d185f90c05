"""Ctrl-C as a count: a plan that runs is ended by a decision, not by an exception in the middle of a line."""

from __future__ import annotations

import signal
import threading
from types import TracebackType
from typing import Any, Self


class Interrupts:
    """Counts Ctrl-C while entered, where that is the main thread; elsewhere it stays at nought."""

    def __init__(self) -> None:
        self.count = 0
        self._before: Any = None
        self._listens = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> Self:
        if self._listens:
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._listens:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, *_: object) -> None:
        self.count += 1
