"""The app's lock: `flock` on a file that is never unlinked and says who holds it."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import time
from typing import Any, Dict, List, Optional

_SIZE = 2048
_LONGEST = 100  # characters of what is said of one thing, so that the file stays readable as a whole

STRANGER = "no run of Windlass"
"""What is said to hold the lock where it is some other program."""

GLANCE = 0.2
"""Seconds for which a lock may seem to be held because somebody looks whether it is."""


def boot_id() -> str:
    """Changes with every boot, so that a pid of an earlier boot is never believed."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def holder(path: str) -> Dict[str, Any]:
    """What the holder, or the last one, wrote about itself; empty where nothing readable is there."""
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read(_SIZE).rstrip(b"\0 \n") or b"{}")
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def is_held(path: str) -> bool:
    """Whether any process holds the lock now, as far as this user can tell."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except PermissionError:
        return bool(_listed(path))
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def stranger(path: str) -> str:
    """Who holds the lock without being a run of Windlass, as the kernel names them; "" for nobody."""
    for pid in _listed(path):
        try:
            uid = os.stat(f"/proc/{pid}").st_uid
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                line = file.read(200).replace(b"\0", b" ").decode("utf-8", "replace").strip()
        except OSError:
            continue
        try:
            name = pwd.getpwuid(uid).pw_name
        except KeyError:
            name = str(uid)
        return f"process {pid} of {name} ({line})"
    return ""


def _listed(path: str) -> List[int]:
    """The processes that hold a flock on the file, by /proc/locks, which anybody may read."""
    try:
        found = os.stat(path)
        key = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
        with open("/proc/locks", encoding="ascii") as file:
            lines = [line.split() for line in file]
    except OSError:
        return []
    return [int(words[4]) for words in lines if words[1] == "FLOCK" and words[5] == key and int(words[4]) > 0]


class Lock:
    """A held lock; its descriptor is inherited by the shell of the running step alone."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._said: Dict[str, Any] = {}

    @classmethod
    def take(cls, path: str) -> Optional[Lock]:
        """The lock, None where a run holds it. Raises OSError where the file cannot be opened."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if os.fstat(descriptor).st_mode & 0o077:
            os.fchmod(descriptor, 0o600)  # whoever may open the file may hold the lock
        deadline = time.monotonic() + GLANCE
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return cls(descriptor)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    return None
            time.sleep(0.01)

    def say(self, **facts: Any) -> None:
        """Add to what the file says of the holder; written in place, so that a full disk does not matter."""
        shortened = {name: fact[:_LONGEST] if isinstance(fact, str) else fact for name, fact in facts.items()}
        self._said.update(shortened)
        text = json.dumps(self._said, ensure_ascii=False).encode("utf-8", "replace")[:_SIZE]
        os.pwrite(self.descriptor, text.ljust(_SIZE), 0)

    def release(self) -> None:
        """Let go; the file stays, and says that it is free."""
        try:
            os.pwrite(self.descriptor, b"{}".ljust(_SIZE), 0)
        finally:
            os.close(self.descriptor)
