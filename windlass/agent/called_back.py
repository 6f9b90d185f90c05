"""Several hosts go back together: one whose agent died before they had settled does so when it puts itself right."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, List, Optional

from . import live, proc
from .agreeing import present
from .app import App
from .failure import GateFailed

LISTENS = 60.0
"""Seconds in which what was live before must have its port again."""


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


def go_back(arguments: Dict[str, Any]) -> None:
    """Have visitors get what a slot has, which is started first where it does not run.

    GateFailed where it does not listen: then they keep what they have.
    """
    app, slot = App.of(arguments), str(arguments["slot"])
    present({**arguments, "web": True})
    deadline = time.monotonic() + LISTENS
    while not app.stopped and (silent := _silent(app, slot)):
        if time.monotonic() > deadline:
            raise GateFailed(f"nothing listens on port {silent[0]}: visitors are not sent back to it")
        time.sleep(0.1)
    flag = app.paths["flag"]
    here, there = (f"{flag}.off", flag) if slot == "green" else (flag, f"{flag}.off")
    os.replace(here, there)


def _silent(app: App, slot: str) -> List[int]:
    """The slot's ports on which nobody listens."""
    return [port for port in app.ports(slot) if not proc.listeners(port)]


def step(slot: str) -> Dict[str, Any]:
    """The act as a step of a recovery."""
    return {
        "title": f"go back to {slot}, as the other hosts did",
        "gate": "go_back",
        "arguments": {"slot": slot},
    }
