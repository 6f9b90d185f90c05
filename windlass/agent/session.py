"""The state of one command's visit, between the client's messages."""

from __future__ import annotations

import os
import tempfile
import time
from typing import Any, Callable, Dict, List, Optional

from . import env, ledger, lock, owner, reserve, versions
from .channel import Channel
from .live import NOTHING_LIVE, live
from .steps import Runner


class Session:
    """Who the client is, where the app lives, the lock, the runner."""

    def __init__(self, channel: Channel, opening: Dict[str, Any]) -> None:
        self.channel = channel
        self.paths: Dict[str, Any] = opening["paths"]
        self.opening = opening
        self.lock: Optional[lock.Lock] = None
        self.run_id = (
            f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{opening['what'].split()[0]}-{os.getpid()}"
        )
        self.variables: Dict[str, str] = self.as_owner(lambda: env.read(self.paths["env_file"]), {})
        self.masks: List[str] = []
        self.given: Dict[str, str] = {}
        earlier = self.as_owner(lambda: versions.all_kept(self.paths), [])
        for variables in (self.variables, *earlier):  # a log may hold an earlier password
            self.hide(variables)
        self.runner: Optional[Runner] = None
        self.left_behind = self._told_of_full_disk = False
        self.taken_over = False  # somebody else decides from now on what becomes of what this run did

    @property
    def about(self) -> Dict[str, Any]:
        """What every gate and act is told beside its own arguments: the app's places, its slots and times."""
        return {"paths": self.paths, "app": self.opening.get("app") or {}}

    def hide(self, variables: Dict[str, str]) -> None:
        """Mask these values too in all that steps print from now on."""
        self.masks = sorted({*self.masks, *env.maskable(variables)}, key=len, reverse=True)

    def environment(self, kinds: List[str]) -> Dict[str, str]:
        """The whole environment of a step or question that asked for these kinds."""
        extra = env.requested(kinds, self.variables, self.opening["url"], self.opening["lock_timeout"])
        return {**env.base(), **extra, **(self.given if "given" in kinds else {})}

    def give(self, variables: Dict[str, str]) -> None:
        """Variables for the steps of this run that ask for them; masked, and written nowhere."""
        self.given.update(variables)
        self.hide(variables)

    def live(self) -> Dict[str, str]:
        """What visitors get by the flag: slot, release ("" for none) and revision."""
        found: Dict[str, str] = self.as_owner(lambda: live(self.paths), dict(NOTHING_LIVE))
        return found

    def as_owner(self, look: Callable[[], Any], otherwise: Any) -> Any:
        """What a look at the app's own folders sees; root does not look into folders of somebody else's."""
        return owner.as_owner(self.paths["root"], look, otherwise)

    def folder(self) -> str:
        """The folder of this run's step files: among the app's logs, or a private one where those are another's."""
        root, path = self.paths["root"], os.path.join(self.paths["logs"], self.run_id)
        try:
            if not os.path.exists(root) or os.stat(root).st_uid != os.geteuid():
                return tempfile.mkdtemp(prefix="windlass-")
            os.makedirs(path, mode=0o700, exist_ok=True)
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
            other = "" if holder else lock.stranger(self.paths["lock"])
            known = {"who": other, "what": lock.STRANGER} if other else holder
            self.channel.send("locked", holder=known)
            return False
        self.left_behind = bool(holder)
        self.make_room()
        self.lock.say(
            pid=os.getpid(), boot=lock.boot_id(), who=self.opening["who"], what=self.opening["what"],
            since=ledger.now(), run=self.run_id, step="", group=0, uninterruptible=False,
        )  # fmt: skip
        return True

    def give_back(self) -> None:
        """Give the lock back, if it is held."""
        if self.lock is not None:
            reserve.keep(self.paths)
            self.lock.release()
            self.lock = self.runner = None

    def start_runner(self) -> Runner:
        if self.runner is None:
            held_by = self.lock.descriptor if self.lock else None
            self.runner = Runner(self.channel, self.folder(), held_by, self.paths["root"])
            if self.lock is not None:
                held = self.lock
                self.runner.on_step = lambda title, group, firm: held.say(
                    step=title, group=group, uninterruptible=firm
                )
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
