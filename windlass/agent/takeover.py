"""rollback at the door: the lock is taken over from whoever holds it, unless its step must not be cut short."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any, Dict

from . import lock, stop

if TYPE_CHECKING:
    from .session import Session

GRACE = 5.0
"""Seconds for what is left of a run whose agent is no more, and for a killed one to be gone."""


BOOT = 120.0
"""Seconds for which a command waits for what the server does by itself after its boot."""

AFTER_BOOT = "recovery after the boot"
"""What is said to hold the lock meanwhile."""


def wait_for_step(session: Session) -> None:
    """Wait, as long as the opening has patience, for a holder's step that must not be cut short.

    What the server does by itself after its boot is waited for by everybody.
    """
    began, patience, told = time.monotonic(), float(session.opening.get("lock_patience", 0)), False
    while not session.channel.cancelled and lock.is_held(session.paths["lock"]):
        booting = _is_booting(session)
        if not (booting or _is_firm(session)) or time.monotonic() - began > max(patience, BOOT * booting):
            return
        if booting and not told:
            told = True
            session.channel.send("note", text="the server has just booted, and puts itself right first")
        session.channel.pump(0.1)


def take_over(session: Session) -> None:
    """Have whoever holds the lock end and recover; past the deadline, kill it and its step.

    Left alone are a run that the opening spares, and a step that must not be cut short: that one is waited for, as
    long as there is patience, and never killed. Whether the lock is free then is for who takes it to see.
    """
    try:
        _end_holders(session)
    finally:
        _withdraw(session)


def why(session: Session) -> str:
    """Who took the lock over from this run; empty where nobody has."""
    try:
        with open(session.paths["wanted"], encoding="utf-8") as file:
            wanted = json.load(file)
    except (OSError, ValueError):
        return ""
    return f"{wanted['by']} took the lock over" if wanted.get("run") == session.run_id else ""


def _end_holders(session: Session) -> None:
    """Usually one; another may come in between."""
    path, asked = session.paths["lock"], ""
    deadline = time.monotonic() + session.opening.get("lock_patience", 0)
    while lock.is_held(path) and not session.channel.cancelled:
        holder = lock.holder(path)
        if holder.get("what") in session.opening.get("spares", []):
            return
        run = str(holder.get("run") or "")
        if run != asked and not _is_firm(session):
            asked, deadline = run, time.monotonic() + _ask(session, holder)
        if time.monotonic() > deadline:
            if run != asked or holder.get("uninterruptible") is not False:
                return
            session.channel.send("note", level="warning", text="it did not end in time and is killed")
            stop.kill(holder, path)
            asked, deadline = "", time.monotonic() + GRACE
        session.channel.pump(0.1)


def _ask(session: Session, holder: Dict[str, Any]) -> float:
    """Tell the run who wants its lock, and have it end; the seconds that it is given."""
    session.channel.send("note", text=f"taking over from {holder.get('what')} by {holder.get('who')}")
    by = f"{session.opening['what']} by {session.opening['who']}"
    try:
        with open(session.paths["wanted"], "w", encoding="utf-8") as file:
            json.dump({"run": holder.get("run"), "by": by}, file)
    except OSError:
        pass  # a full disk: it ends all the same, and cannot say for whom
    if not stop.agent_lives(holder):
        return GRACE
    stop.ask_to_end(holder)
    return float(session.opening.get("wait", stop.WAIT))


def _withdraw(session: Session) -> None:
    try:
        os.unlink(session.paths["wanted"])
    except OSError:
        pass


def _is_booting(session: Session) -> bool:
    return lock.holder(session.paths["lock"]).get("what") == AFTER_BOOT


def _is_firm(session: Session) -> bool:
    return bool(lock.holder(session.paths["lock"]).get("uninterruptible"))
