"""One JSON object a line, for machines."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from windlass.events import Event
from windlass.report import units
from windlass.report.sink import Sink
from windlass.report.steady import Steady


def now() -> datetime:
    """This machine's time."""
    return datetime.now(UTC)


def line(known: dict[str, Any]) -> str:
    """The object on a line of ASCII, so that nothing in it can drive the terminal that shows it."""
    return json.dumps(known, ensure_ascii=True, default=_moment) + "\n"


def _moment(value: Any) -> str:
    return units.utc(value) if isinstance(value, datetime) else str(value)


class JsonReport(Steady):
    """Every event as a line; the format is documented in docs/json.md."""

    def __init__(self, sink: Sink, clock: Callable[[], datetime] = now) -> None:
        self._sink = sink
        self._clock = clock

    def emit(self, event: Event) -> None:
        """Write the event with its time."""
        self._sink.write(line({"time": units.utc(self._clock()), **event.as_json()}))
