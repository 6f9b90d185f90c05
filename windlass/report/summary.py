"""How a run ended on a host, in one line, and what to do about it in two more."""

from __future__ import annotations

from windlass.events import Ended
from windlass.report import units

GOOD = ("done", "nothing-to-do")


def summary(ended: Ended) -> str:
    """`deploy@203.0.113.5  live: 0042-abc1234 (was 0041-def5678)  in 12.3 s`."""
    return f"{ended.host}  {_outcome(ended)}  in {units.duration(ended.seconds)}"


def advice(ended: Ended) -> list[str]:
    """The message, line by line, then the hint behind an arrow; empty where there is nothing to add."""
    return complaint(ended.message, ended.hint)


def complaint(message: str, hint: str) -> list[str]:
    """An error as the operator sees it."""
    told = message.splitlines()
    first, *rest = hint.splitlines() or [""]
    return [*told, f"→ {first}", *(f"  {line}" for line in rest)] if first else told


def _outcome(ended: Ended) -> str:
    live = f"live: {ended.live}" if ended.live else ""
    if live and ended.was and ended.was != ended.live:
        live += f" (was {ended.was})"
    elif live and ended.was and ended.outcome not in GOOD:
        live += " as before"
    if ended.outcome == "done":
        return live or "done"
    words = {
        "nothing-to-do": "nothing to do",
        "failed": "failed",
        "went-back": "went back",
        "cancelled": "cancelled",
        "needs-person": "needs a person now",
    }
    return f"{words[ended.outcome]}; {live}" if live else words[ended.outcome]
