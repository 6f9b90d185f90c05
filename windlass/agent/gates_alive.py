"""Gate `alive`: processes without a port stay up, each the same, for a while."""

from __future__ import annotations

import time
from typing import Any

from . import proc, units
from .failure import GateFailed

INTERVAL = 0.1


def alive(arguments: dict[str, Any]) -> None:
    """Return once all of `processes` ran, each the same, for `min_healthy` seconds.

    GateFailed as soon as one has ended or was started anew; they were started before.
    """
    watched = Watched(arguments)
    needed, began = float(arguments["min_healthy"]), time.monotonic()
    while True:
        watched.check()
        if time.monotonic() - began >= needed:
            break
        time.sleep(min(INTERVAL, needed))
    print(f"{', '.join(arguments['processes'])}: up for {needed:g} s", flush=True)


class Watched:
    """The `processes` of a gate's arguments: globs of `pid_files` or `units`, and a number of `instances`, by name."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        self._wanted: dict[str, dict[str, Any]] = arguments.get("processes") or {}
        self._about: dict[str, Any] = {key: arguments[key] for key in ("paths", "slot") if key in arguments}
        self._first: dict[str, list[proc.Process]] = {}

    def check(self) -> None:
        """GateFailed where one does not run, or is not the one that ran when it was first looked at."""
        for name, wanted in self._wanted.items():
            if name not in self._first:
                self._first[name] = self._found(name, wanted)
            for one in self._first[name]:
                if proc.process(one.pid) != one:
                    raise GateFailed(f"{name} (pid {one.pid}) ended {proc.age(one):.1f} s after its start")

    def _found(self, name: str, wanted: dict[str, Any]) -> list[proc.Process]:
        by_units = units.has_started({**wanted, **self._about})
        running = (
            units.started(wanted["units"]) if by_units else proc.from_pid_files(wanted.get("pid_files") or ())
        )
        lacking = int(wanted["instances"]) - len(running)
        if lacking > 0:
            raise GateFailed(
                f"{name} ended right after its start" + (f" ({lacking} of it)" if running else "")
            )
        return running
