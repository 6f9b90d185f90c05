"""One command's visit: open, answer questions, run plans stage by stage, and leave."""

from __future__ import annotations

import os
import pwd
import signal
import sys
import tempfile
import time
from typing import Any, Dict, List, Optional

from . import env, ledger, lock, questions, reserve, stop, tail
from .channel import Channel
from .owner import become_owner
from .plan import PlanRun
from .steps import Runner


class Session:
    """The state between the client's messages: who it is, where the app lives, the lock, the runner."""

    def __init__(self, channel: Channel, opening: Dict[str, Any]) -> None:
        self.channel = channel
        self.paths: Dict[str, Any] = opening["paths"]
        self.opening = opening
        self.lock: Optional[lock.Lock] = None
        self.run_id = (
            f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{opening['what'].split()[0]}-{os.getpid()}"
        )
        self.variables = env.read(self.paths["env_file"])
        self.masks = env.maskable(self.variables)
        self.runner: Optional[Runner] = None
        self.left_behind = self._told_of_full_disk = False

    def environment(self, kinds: List[str]) -> Dict[str, str]:
        """The whole environment of a step or question that asked for these kinds."""
        extra = env.requested(kinds, self.variables, self.opening["url"], self.opening["lock_timeout"])
        return {**env.base(), **extra}

    def live(self) -> Dict[str, str]:
        """What visitors get by the flag: slot, release ("" for none) and revision."""
        return live(self.paths)

    def folder(self) -> str:
        """The folder of this run's step files: among the app's logs, or a private one where those are another's."""
        logs = self.paths["logs"]
        path = os.path.join(logs, self.run_id)
        try:
            if os.stat(self.paths["root"]).st_uid == os.geteuid():
                os.makedirs(path, mode=0o700, exist_ok=True)
            else:
                path = tempfile.mkdtemp(prefix="windlass-")
        except OSError:
            pass  # a full disk: steps then run from memory and are logged to the operator alone
        return path

    def make_folders(self) -> None:
        """Make those of the app's folders that are not there. Raises OSError."""
        for folder in self.paths["folders"]:
            os.makedirs(folder, mode=0o755, exist_ok=True)
        for folder in self.paths["private"]:
            os.makedirs(folder, mode=0o700, exist_ok=True)

    def take_lock(self) -> bool:
        """Take the app's lock and say so in its file; False once the client was told who holds it.

        `left_behind` says whether the last one to hold it died: its words are still there.
        """
        self.lock = lock.Lock.take(self.paths["lock"])
        holder = lock.holder(self.paths["lock"])
        if self.lock is None:
            self.channel.send("locked", holder=holder)
            return False
        self.left_behind = bool(holder)
        self.make_room()
        self.lock.say(
            pid=os.getpid(), boot=lock.boot_id(), who=self.opening["who"], what=self.opening["what"],
            since=ledger.now(), run=self.run_id, step="", group=0,
        )  # fmt: skip
        return True

    def start_runner(self) -> Runner:
        if self.runner is None:
            self.runner = Runner(self.channel, self.folder(), self.lock.descriptor if self.lock else None)
            if self.lock is not None:
                held = self.lock
                self.runner.on_step = lambda title, group: held.say(step=title, group=group)
        return self.runner

    def make_room(self) -> None:
        """Give up what was kept back for a full disk, where it is full."""
        if reserve.use(self.paths) and not self._told_of_full_disk:
            self._told_of_full_disk = True
            self.channel.send("note", level="warning", text=f"the disk of {self.paths['root']} is full")

    def record(self, event: str, **fields: Any) -> None:
        """Append to the ledger in the name of this run."""
        about = {"run": self.run_id, "who": self.opening["who"], "what": self.opening["what"]}
        self.append({"event": event, **about, **fields})

    def append(self, record: Dict[str, Any]) -> None:
        """Append to the ledger; a ledger that cannot be written is said, not hidden."""
        self.make_room()
        try:
            ledger.append(self.paths["ledger"], record)
        except OSError as error:
            self.channel.send("note", level="warning", text=f"the ledger could not be written: {error}")


def live(paths: Dict[str, Any]) -> Dict[str, str]:
    """What visitors get by the flag, read from the server's own links."""
    slot = "green" if os.path.exists(paths["flag"]) else "blue"
    try:
        target = os.readlink(paths["slots"][slot])
    except OSError:
        return {"slot": slot, "release": "", "revision": ""}
    release = os.path.basename(target)
    try:
        with open(os.path.join(paths["releases"], release, "REVISION"), encoding="ascii") as file:
            revision = file.read().strip()
    except (OSError, ValueError):
        revision = ""
    return {"slot": slot, "release": release, "revision": revision}


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
    _handle_signals(channel, session.paths)
    status = _serve(session)
    if session.lock is not None:
        reserve.keep(session.paths)
        session.lock.release()
    channel.send("bye")
    channel.drain(5.0)
    sys.stdout.flush()
    os._exit(status)


def _handle_signals(channel: Channel, paths: Optional[Dict[str, Any]] = None) -> None:
    signal.signal(signal.SIGCHLD, lambda *_: None)  # wakes the loop through the wake-up descriptor
    signal.signal(signal.SIGHUP, lambda *_: None)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda caught, _: channel.cancel(_why_ended(caught, paths)))


def _why_ended(number: int, paths: Optional[Dict[str, Any]]) -> str:
    stopped = stop.stopped(paths) if paths else None
    if stopped is not None:
        return f"emergency-stop {stopped}".rstrip()
    return f"the agent was ended by {signal.Signals(number).name}"


def _serve(session: Session) -> int:
    status = _come_in(session) if session.opening["mode"] != "unlocked" else 0
    if status:
        return status
    session.channel.send(
        "opened",
        run=session.run_id,
        cloned=os.path.isdir(os.path.join(session.paths["workspace"], ".git")),
        user=pwd.getpwuid(os.geteuid()).pw_name,
        live=session.live(),
    )
    while True:
        message = session.channel.receive()
        if message is None or message["op"] == "bye":
            return 0
        if message["op"] == "ask":
            session.channel.send(
                "answers", id=message["id"], answers=questions.answer(session, message["questions"])
            )
        elif message["op"] == "tail":
            tail.tail(session, message)
        elif message["op"] == "record":
            session.record(message["event"], **message["fields"])
            session.channel.send("recorded")
        elif message["op"] == "settle":
            if not _settle(session):
                return 75
        elif message["op"] == "plan":
            PlanRun(session, message["plan"]).run()
            if session.channel.cancelled:
                return 1


def _come_in(session: Session) -> int:
    """Take the lock, where the app has a home, the way that the mode says; an exit code where that is refused."""
    mode, root = session.opening["mode"], session.paths["root"]
    refusal = _refusal(root)
    if refusal:
        session.channel.send("refused", **refusal)
        return 1
    if not os.path.isdir(root):
        return 0
    if mode == "stop":
        stop.close_to_visitors(session)
    if mode in ("stop", "break"):
        stop.end_holder(session)
    return 0 if _open_locked(session) else 75


def _open_locked(session: Session) -> bool:
    try:
        if not session.take_lock():
            return False
    except OSError as error:
        session.channel.send("refused", why="lock", detail=str(error))
        return False
    left = ledger.unfinished(ledger.read(session.paths["ledger"]))
    if (left or session.left_behind) and session.opening.get("recovery"):
        _put_right(session, left)
    return True


def _put_right(session: Session, left: List[Dict[str, Any]]) -> None:
    """Recover after runs that died, and close them in the ledger; what could not be put right stays open."""
    whats = [f"{record.get('what')} by {record.get('who')} at {record.get('time')}" for record in left]
    reason = f"did not finish: {', '.join(whats) or 'the last run'}"
    if not PlanRun(session, {"stages": [], "recovery": session.opening["recovery"]}).recover(reason):
        return
    for record in left:
        outcome = record.get("outcome", "interrupted")
        closed = {**record, "event": "end", "time": ledger.now(), "outcome": outcome, "live": session.live()}
        session.append({name: value for name, value in closed.items() if name != "unrecovered"})


def _settle(session: Session) -> bool:
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
