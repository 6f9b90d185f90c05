"""Several hosts go back together: one whose agent died before they had settled does so when it puts itself right."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from . import live


def way_back(paths: Dict[str, Any], left: List[Dict[str, Any]]) -> Optional[str]:
    """The slot that visitors had before a run with other hosts that died unsettled; None where there is no way back.

    The others were called back when this one was lost, or were never cut over.
    """
    for record in reversed(left):
        before = record.get("live")
        if not record.get("fleet") or record.get("settled") or not isinstance(before, dict):
            continue
        slot, release = str(before.get("slot")), before.get("release")
        now = live.live(paths)
        link = paths["slots"].get(slot)
        if link and now["slot"] != slot and release and live.named_by(link) == release:
            return slot
    return None


def step(slot: str) -> Dict[str, Any]:
    """The act as a step of a recovery."""
    return {
        "title": f"go back to {slot}, as the other hosts did",
        "gate": "go_back",
        "arguments": {"slot": slot},
    }
