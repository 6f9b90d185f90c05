"""The functions that a question may name."""

from __future__ import annotations

from typing import Any, Callable, Dict

from . import state, system, visitors

CALLS: Dict[str, Callable[[Dict[str, Any]], Any]] = {**state.CALLS, **system.CALLS, **visitors.CALLS}
