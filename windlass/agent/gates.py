"""The gates and acts by name: functions that return where it holds or is done, and raise GateFailed where not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .agreeing import agree, go_back, links, page, present, tidy
from .ending import end, gone, stand_by, stop
from .failure import GateFailed
from .gates_alive import alive
from .gates_drain import drained
from .gates_health import healthy
from .gates_listens import listens
from .gates_nginx import answers_through_nginx
from .gates_soak import soak
from .remembering import remember

__all__ = ["ACTS", "GATES", "GateFailed"]

GATES: dict[str, Callable[[dict[str, Any]], None]] = {
    "healthy": healthy,
    "alive": alive,
    "listens": listens,
    "answers_through_nginx": answers_through_nginx,
    "soak": soak,
    "drained": drained,
}

ACTS: dict[str, Callable[[dict[str, Any]], None]] = {
    "tidy": tidy,
    "links": links,
    "agree": agree,
    "page": page,
    "present": present,
    "end": end,
    "stop": stop,
    "stand_by": stand_by,
    "gone": gone,
    "remember": remember,
    "go_back": go_back,
}
"""What changes the server: it holds the lock for as long as it runs, whatever becomes of the agent."""
