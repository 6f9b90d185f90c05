"""The app's lock: `flock` on a file that is never unlinked and says who holds it."""

from __future__ import annotations

import fcntl
import json
import os
import time
from typing import Any, Dict, Optional

_SIZE = 2048
_LONGEST = 100  # characters of what is said of one thing, so that the file stays readable as a whole

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
    """Whether any process holds the lock now; whoever may read the file can ask."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


class Lock:
    """A held lock; its descriptor is inherited by the shell of the running step alone."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._said: Dict[str, Any] = {}

    @classmethod
    def take(cls, path: str) -> Optional[Lock]:
        """The lock, None where a run holds it. Raises OSError where the file cannot be opened."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
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
