"""Gate `alive`: processes without a port stay up, each the same, for a while."""

from __future__ import annotations

import time
from typing import Any

from . import proc
from .failure import GateFailed

INTERVAL = 0.1
START = 10.0
"""Seconds in which a process must be seen at all: pm2 writes its pid file a moment after it was started."""


def alive(arguments: dict[str, Any]) -> None:
    """Return once every process of `processes`, globs of pid files by name, was the same for `min_healthy` seconds.

    GateFailed as soon as one has ended or was started anew.
    """
    watched = {name: Watched(name, patterns) for name, patterns in arguments["processes"].items()}
    needed = float(arguments["min_healthy"])
    began = time.monotonic()
    while True:
        now = time.monotonic()
        up = [one.look() for one in watched.values()]
        if all(up) and now - began >= needed:
            break
        if not all(up) and now - began >= START:
            missing = next(name for name, one in watched.items() if not one.first)
            raise GateFailed(f"{missing} was not started within {START:g} s")
        if not all(up):
            needed = (now - began) + float(arguments["min_healthy"])
        time.sleep(INTERVAL)
    print(f"{', '.join(watched)}: up for {float(arguments['min_healthy']):g} s", flush=True)


class Watched:
    """The processes of one name: those that were there first must stay."""

    def __init__(self, name: str, patterns: list[str]) -> None:
        self._name, self._patterns = name, patterns
        self.first: list[proc.Process] = []

    def look(self) -> bool:
        """Whether it runs; GateFailed where what ran has ended or is another one."""
        running = proc.from_pid_files(self._patterns)
        if not self.first:
            self.first = running
            return bool(running)
        for one in self.first:
            if proc.process(one.pid) != one:
                age = max(0.0, proc.age(one))
                raise GateFailed(f"{self._name} (pid {one.pid}) ended {age:.1f} s after its start")
        return True
