"""emergency-stop at the door: the page first, then whoever holds the lock is ended."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any, Dict, Optional

from . import ledger, live, lock

if TYPE_CHECKING:
    from .session import Session

WAIT = 60.0
"""Seconds that the holder has to end its step and recover, before it and its step are killed."""


KILLS = 2
"""How often a holder is killed before the lock is taken for a stranger's."""


def close_to_visitors(session: Session) -> None:
    """Raise the stopped flag: visitors get the page from the next request on, and nothing is started any more."""
    path = session.paths["stopped"]
    os.makedirs(os.path.dirname(path), exist_ok=True)
    descriptor = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644
    )  # empty is enough: the disk may be full
    try:
        if not os.fstat(descriptor).st_size:
            reason = f": {session.opening['reason']}" if session.opening.get("reason") else ""
            os.write(descriptor, f"by {session.opening['who']} at {ledger.now()}{reason}\n".encode())
    except OSError:
        pass
    finally:
        os.close(descriptor)
    session.channel.send("note", level="warning", text="visitors get the maintenance page")


def stopped(paths: Dict[str, Any]) -> Optional[str]:
    """Who stopped the app, when and why; None where it is not stopped."""
    return live.flag(paths["stopped"])


def end_holder(session: Session) -> None:
    """Have whoever holds the lock end and recover; past the deadline, kill it and its step.

    Where the opening names `holders`, a run that is not among them is left alone.
    """
    path = session.paths["lock"]
    if not lock.is_held(path):
        return
    holder = lock.holder(path)
    meant = session.opening.get("holders")
    if meant is not None and holder.get("run", "") not in meant:
        return
    session.channel.send(
        "note", text=f"ending {holder.get('what', 'the holder of the lock')} by {holder.get('who', '?')}"
    )
    deadline, killed = time.monotonic() + session.opening.get("wait", WAIT), 0
    ask_to_end(holder)
    while lock.is_held(path):
        if time.monotonic() > deadline:
            session.channel.send("note", level="warning", text="it did not end in time and is killed")
            kill(lock.holder(path), path)
            deadline, killed = time.monotonic() + 5, killed + 1
            if killed > KILLS:  # whoever it is did not come from here, and is not ours to end
                return
        session.channel.pump(0.1)


def agent_lives(holder: Dict[str, Any]) -> bool:
    """Whether the agent that a lock's holder named is still running."""
    pid = int(holder.get("pid") or 0)
    return pid > 1 and holder.get("boot") == lock.boot_id() and _is_agent(pid)


def ask_to_end(holder: Dict[str, Any]) -> None:
    """Have a holder of this boot end its step, as far as it may, and recover."""
    _signal(holder, signal.SIGTERM)


def kill(holder: Dict[str, Any], path: str) -> None:
    """Kill a holder of this boot, and the process group of its step, if that has the lock's file open."""
    _signal(holder, signal.SIGKILL)
    group = int(holder.get("group") or 0)
    if group > 1 and holder.get("boot") == lock.boot_id() and _has_open(group, path):
        try:
            os.killpg(group, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass


def _signal(holder: Dict[str, Any], number: int) -> None:
    if agent_lives(holder):
        try:
            os.kill(int(holder["pid"]), number)
        except (ProcessLookupError, PermissionError):
            pass


def _has_open(pid: int, path: str) -> bool:
    """The number may be another group's by now: the shell of a step keeps the lock open while it runs."""
    folder = f"/proc/{pid}/fd"
    try:
        return any(os.path.samefile(os.path.join(folder, name), path) for name in os.listdir(folder))
    except OSError:
        return False


def _is_agent(pid: int) -> bool:
    """A pid may have been given away since: an agent is a python that was started with our text, or at a boot."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            line = file.read()
    except OSError:
        return False
    return b"b64decode" in line or b"/agent.pyz" in line
