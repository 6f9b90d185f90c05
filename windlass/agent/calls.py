"""The functions that a question may name."""

from __future__ import annotations

from typing import Any, Callable, Dict

from . import holder, state, system, versions, visitors

CALLS: Dict[str, Callable[[Dict[str, Any]], Any]] = {
    **holder.CALLS,
    **state.CALLS,
    **system.CALLS,
    **versions.CALLS,
    **visitors.CALLS,
}
