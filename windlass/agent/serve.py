"""One command's visit: open, answer questions, run plans stage by stage, and leave."""

from __future__ import annotations

import os
import pwd
import signal
import sys
from typing import Any, Dict, Optional

from . import door, incoming, questions, stop, tail, takeover, versions
from .channel import Channel
from .owner import become_owner
from .plan import PlanRun
from .session import Session


def main() -> None:
    """Serve one client until it says goodbye or goes away."""
    os.umask(0o022)
    try:
        os.setsid()
    except OSError:
        pass
    channel = Channel()
    _handle_signals(channel)
    channel.greet()
    opening = channel.receive("open")
    if opening is None:
        return
    channel.set_times(opening.get("beat", 3.0), opening.get("patience", 60.0))
    if opening.get("as_owner"):
        become_owner(opening["paths"]["root"])
    session = Session(channel, opening)
    _handle_signals(channel, session)
    status = _serve(session)
    session.give_back()
    channel.send("bye")
    channel.drain(5.0)
    sys.stdout.flush()
    os._exit(status)


def _handle_signals(channel: Channel, session: Optional[Session] = None) -> None:
    signal.signal(signal.SIGCHLD, lambda *_: None)  # wakes the loop through the wake-up descriptor
    signal.signal(signal.SIGHUP, lambda *_: None)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda caught, _: channel.cancel(_why_ended(caught, session)))


def _why_ended(number: int, session: Optional[Session]) -> str:
    stopped = stop.stopped(session.paths) if session else None
    if stopped is not None:
        return f"emergency-stop {stopped}".rstrip()
    by = takeover.why(session) if session else ""
    if session and by:
        session.taken_over = True
    return by or f"the agent was ended by {signal.Signals(number).name}"


def _serve(session: Session) -> int:
    status = door.come_in(session) if session.opening["mode"] != "unlocked" else 0
    if status:
        return status
    session.channel.send(
        "opened",
        run=session.run_id,
        cloned=session.as_owner(
            lambda: os.path.isdir(os.path.join(session.paths["workspace"], ".git")), False
        ),
        user=pwd.getpwuid(os.geteuid()).pw_name,
        live=session.live(),
    )
    while True:
        message = session.channel.receive()
        if message is None or message["op"] == "bye":
            return _leave(session)
        if message["op"] == "ask":
            session.channel.send(
                "answers", id=message["id"], answers=questions.answer(session, message["questions"])
            )
        elif message["op"] == "tail":
            tail.tail(session, message)
        elif message["op"] == "record":
            session.record(message["event"], **message["fields"])
            session.channel.send("recorded")
        elif message["op"] == "give":
            session.give(message["variables"])
        elif message["op"] == "env":
            versions.keep(session, message)
        elif message["op"] == "file":
            incoming.take(session, message)
        elif message["op"] == "settle":
            if not door.settle(session):
                return 75
        elif message["op"] == "plan" and not _run(session, message["plan"]):
            return 1


def _leave(session: Session) -> int:
    """Tell a client that is still there why it was not heard to its end."""
    if session.channel.cancelled:
        session.channel.send("refused", why="ended", detail=session.channel.cancelled)
    return 0


def _run(session: Session, plan: Dict[str, Any]) -> bool:
    """Run a plan; False where it was cancelled, or was refused: without the lock nothing of the app is changed."""
    if plan.get("record") is not None and session.lock is None:
        session.channel.send("refused", why="nothing")
        return False
    PlanRun(session, plan).run()
    return not session.channel.cancelled
