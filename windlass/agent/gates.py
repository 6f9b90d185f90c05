"""The gates by name: functions that return where the gate holds and raise GateFailed where it does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .failure import GateFailed
from .gates_alive import alive
from .gates_drain import drained
from .gates_health import healthy
from .gates_listens import listens
from .gates_nginx import answers_through_nginx
from .gates_soak import soak

__all__ = ["GATES", "GateFailed"]

GATES: dict[str, Callable[[dict[str, Any]], None]] = {
    "healthy": healthy,
    "alive": alive,
    "listens": listens,
    "answers_through_nginx": answers_through_nginx,
    "soak": soak,
    "drained": drained,
}
