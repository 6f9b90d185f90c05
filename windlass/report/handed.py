"""A report that draws nothing: each event goes to a function of whoever called."""

from __future__ import annotations

import threading
from collections.abc import Callable

from windlass.events import Event
from windlass.report.steady import Steady


class HandedReport(Steady):
    """Hands every event on as it comes, one at a time, whichever thread it happened in."""

    def __init__(self, take: Callable[[Event], None]) -> None:
        self._take = take
        self._lock = threading.Lock()

    def emit(self, event: Event) -> None:
        with self._lock:
            self._take(event)
