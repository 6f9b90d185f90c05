"""Coming in: whose app it is, who holds the lock, what an earlier run left to be put right."""

from __future__ import annotations

import os
import pwd
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Dict, List

from . import archive, called_back, digest, ledger, live, lock, stop, takeover
from .owner import owner_of
from .plan import PlanRun

if TYPE_CHECKING:
    from .session import Session


BOOT_WAIT = 600.0
"""Seconds for which the boot's recovery waits for a command that came before it."""


def come_in(session: Session) -> int:
    """Take the lock the way that the mode says; an exit code where that is refused.

    Where nothing was ever deployed there is nothing to lock, and nothing is made before `settle`.
    """
    mode, root = session.opening["mode"], session.paths["root"]
    refusal = _refusal(root)
    if refusal:
        session.channel.send("refused", **refusal)
        return 1
    if not os.path.isdir(session.paths["releases"]):
        return 0
    if mode == "stop":
        stop.close_to_visitors(session)
    if mode in ("stop", "break"):
        stop.end_holder(session)
    elif mode == "take-over":
        takeover.take_over(session)
    else:
        takeover.wait_for_step(session)
    return 0 if _open_locked(session) else 75


def _open_locked(session: Session) -> bool:
    try:
        if not session.take_lock():
            return False
    except OSError as error:
        session.channel.send("refused", why="lock", detail=str(error))
        return False
    with suppress(OSError):  # a full disk: it is rotated another time
        digest.rotate(session.paths)
    archive.leave(session)
    left = _left_open(session)
    if (left or session.left_behind or _link_is_lost(session)) and session.opening.get("recovery"):
        reason = _reason(session, left) or "current does not name the live release"
        _put_right(session, left, session.opening["recovery"], reason)
    return True


def after_boot(session: Session) -> int:
    """Make the server agree with its flag, whether a run died or not; the exit code.

    Where nothing was left, what concerns the database is not asked for: another host may be at work on it.
    """
    deadline = time.monotonic() + BOOT_WAIT
    while lock.is_held(session.paths["lock"]) and time.monotonic() < deadline:
        session.channel.pump(0.5)
    if not session.take_lock():
        return 75
    left, recovery = _left_open(session), session.opening["recovery"]
    if not left and not session.left_behind:
        recovery = [step for step in recovery if "gate" in step]
    reason = _reason(session, left) or "the server has booted"
    return 0 if _put_right(session, left, recovery, reason) else 1


def _left_open(session: Session) -> List[Dict[str, Any]]:
    return list(digest.past(session.paths["ledger"])["open"].values())


def _reason(session: Session, left: List[Dict[str, Any]]) -> str:
    """What did not finish, "" where everything did."""
    whats = [f"{record.get('what')} by {record.get('who')} at {record.get('time')}" for record in left]
    return f"did not finish: {', '.join(whats) or 'the last run'}" if left or session.left_behind else ""


def _put_right(
    session: Session, left: List[Dict[str, Any]], recovery: List[Dict[str, Any]], reason: str
) -> bool:
    """Recover after runs that died, and close them in the ledger; what could not be put right stays open."""
    back = called_back.way_back(session.paths, left)
    recovery = [*([called_back.step(back)] if back else []), *recovery]
    if not PlanRun(session, {"stages": [], "recovery": recovery}).recover(reason):
        return False
    for record in left:
        outcome = record.get("outcome", "went-back" if back and record.get("fleet") else "interrupted")
        closed = {
            **record,
            "event": "end",
            "time": ledger.stamp(),
            "outcome": outcome,
            "live": session.live(),
        }
        session.append({name: value for name, value in closed.items() if name != "unrecovered"})
    return True


def _link_is_lost(session: Session) -> bool:
    """Whether `current` is not the live release: somebody's hand was there."""
    return live.named_by(session.paths["current"]) != session.live()["release"]


def settle(session: Session) -> bool:
    """Make the app's folders on a server that sees it for the first time, and take the lock."""
    try:
        session.make_folders()
    except OSError as error:
        session.channel.send("refused", why="folders", detail=str(error))
        return False
    if session.lock is None and not session.take_lock():
        return False
    session.channel.send("settled")
    return True


def _refusal(root: str) -> Dict[str, Any]:
    """Why this user must not work on the app: it belongs to somebody else; empty where nothing speaks against it."""
    try:
        # To root a link in the place of the folder says nothing: who put it there is whose the app is.
        owner = owner_of(root) if os.geteuid() == 0 else os.stat(root).st_uid
    except FileNotFoundError:
        return {}
    except OSError as error:
        return {"why": "root", "detail": str(error)}
    if owner == os.geteuid():
        return {}
    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:
        name = str(owner)
    return {"why": "owner", "owner": name, "user": pwd.getpwuid(os.geteuid()).pw_name, "root": root}
