"""How long the live app's visitors wait: one page after the other, timed, while something else goes on."""

from __future__ import annotations

import statistics
import threading
import time
import urllib.request
from types import TracebackType

PAUSE = 0.01
"""Seconds between an answer and the next request: the app is kept busy for about half of a core."""


class Visitors:
    """Someone who reads `url` again and again, as long as the context is open."""

    def __init__(self, url: str) -> None:
        self._url, self._end, self._waits = url, threading.Event(), list[float]()
        self._thread = threading.Thread(target=self._read, daemon=True)

    @property
    def count(self) -> int:
        return len(self._waits)

    def percentile(self, percent: int) -> float:
        """The seconds within which so many of a hundred answers came."""
        return statistics.quantiles(self._waits, n=100, method="inclusive")[percent - 1]

    def __enter__(self) -> Visitors:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()

    def _read(self) -> None:
        while not self._end.wait(PAUSE):
            began = time.monotonic()
            with urllib.request.urlopen(self._url, timeout=60) as answer:
                answer.read()
            self._waits.append(time.monotonic() - began)
