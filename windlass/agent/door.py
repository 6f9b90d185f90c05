"""Coming in: whose app it is, who holds the lock, what an earlier run left to be put right."""

from __future__ import annotations

import os
import pwd
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Dict, List

from . import digest, ledger, stop, takeover
from .plan import PlanRun

if TYPE_CHECKING:
    from .session import Session


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
    left = list(digest.past(session.paths["ledger"])["open"].values())
    if (left or session.left_behind or _link_is_lost(session)) and session.opening.get("recovery"):
        _put_right(session, left)
    return True


def _put_right(session: Session, left: List[Dict[str, Any]]) -> None:
    """Recover after runs that died, and close them in the ledger; what could not be put right stays open."""
    whats = [f"{record.get('what')} by {record.get('who')} at {record.get('time')}" for record in left]
    reason = f"did not finish: {', '.join(whats) or 'the last run'}"
    if not whats and not session.left_behind:
        reason = "current does not name the live release"
    if not PlanRun(session, {"stages": [], "recovery": session.opening["recovery"]}).recover(reason):
        return
    for record in left:
        outcome = record.get("outcome", "interrupted")
        closed = {
            **record,
            "event": "end",
            "time": ledger.stamp(),
            "outcome": outcome,
            "live": session.live(),
        }
        session.append({name: value for name, value in closed.items() if name != "unrecovered"})


def _link_is_lost(session: Session) -> bool:
    """Whether `current` is not the live release: somebody's hand was there."""
    try:
        current = os.path.basename(os.readlink(os.path.join(session.paths["root"], "current")))
    except OSError:
        current = ""
    return current != session.live()["release"]


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
        owner = os.stat(root).st_uid
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
