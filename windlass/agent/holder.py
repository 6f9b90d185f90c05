"""The holder of the lock, for a person who wonders whether to break it."""

from __future__ import annotations

import calendar
import time
from typing import Any, Callable, Dict, Optional

from . import lock, stop


def look(arguments: Dict[str, Any]) -> Optional[Dict[str, Any]]:
    """What the holder of the lock at `path` says of itself, and whether its agent lives; None where it is free."""
    path = arguments["path"]
    if not lock.is_held(path):
        return None
    found = lock.holder(path)
    texts = {key: str(found.get(key) or "") for key in ("who", "what", "run", "step")}
    numbers = {key: int(found.get(key) or 0) for key in ("pid", "group")}
    return {**texts, **numbers, "seconds": _seconds(found.get("since")), "agent": stop.agent_lives(found)}


def _seconds(since: Any) -> Optional[float]:
    try:
        began = calendar.timegm(time.strptime(str(since), "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError:
        return None
    return max(0.0, time.time() - began)


CALLS: Dict[str, Callable[[Dict[str, Any]], Any]] = {"lock": look}
