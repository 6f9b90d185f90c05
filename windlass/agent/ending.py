"""What ends a slot's processes, and sees that they have ended."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import Any

from . import memory, proc, supervising
from .app import SLOTS, App
from .failure import GateFailed
from .systemd_acts import Systemd

EXTRA = 10.0
"""Seconds beyond its kill_timeout that a process may take to end."""


def end(arguments: dict[str, Any]) -> None:
    """End all that runs in a slot, if anything does, whatever it was started from; it is no standby any more.

    `clear`: note too that the slot runs nothing. With `names`, only those.
    """
    app, slot = App.of(arguments), str(arguments["slot"])
    kept, node = app.kept(slot), str(arguments.get("node") or "")
    if arguments.get("names"):
        supervising.of(app, kept, node).delete(kept, arguments["names"])
        return
    found = supervising.having(app, slot, node)
    if found or app.has(slot):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(app.paths["standby"])
        for supervisor in found:
            supervisor.delete_all(kept)
        if arguments.get("clear"):
            app.clear(slot)


def stop(arguments: dict[str, Any]) -> None:
    """Stop what runs in either slot; it is remembered as stopped.

    A slot that has nothing is not asked for: each question to pm2 costs a start of node.
    """
    app = App.of(arguments)
    for slot in SLOTS:
        for supervisor in supervising.having(app, slot):
            supervisor.stop_all(app.kept(slot))


def stand_by(arguments: dict[str, Any]) -> None:
    """Leave a slot's web process running and end its `others`; less than `memory_free_mb` MiB free, end them all."""
    app, limit = App.of(arguments), int(arguments["memory_free_mb"])
    if memory.available() < limit << 20:
        slot = arguments["slot"]
        print(
            f"less than {limit} MiB of memory are free: {slot} is stopped, not kept as a standby", flush=True
        )
        end({**arguments, "clear": True})
        return
    with open(app.paths["standby"], "w", encoding="ascii"):
        pass
    kept = app.kept(str(arguments["slot"]))
    supervising.of(app, kept).delete(kept, arguments["others"])


def gone(arguments: dict[str, Any]) -> None:
    """See that no process of the app lives and nobody listens on its ports; what does not end is killed.

    What is killed was started by this user in a release of the app, for a slot. GateFailed where something is left.
    """
    app = App.of(arguments)
    # The supervisors have ended their own; whatever else there is was not told yet.
    _signal(_all(app), signal.SIGTERM)
    _wait(app, float(app.about["kill_timeout"]) + EXTRA)
    deadline = time.monotonic() + 5
    # More than once: what is killed may have started another just before.
    while (left := _all(app)) and time.monotonic() < deadline:
        for pid in left:
            print(f"pid {pid} did not end in time and is killed", flush=True)
        _signal(left, signal.SIGKILL)
        _wait(app, 0.2)
    if found := [*map(proc.program, _all(app)), *Systemd(app).left()]:
        raise GateFailed(f"still there: {', '.join(found)}")
    ports = [port for slot in SLOTS for port in app.ports(slot)]
    if listening := proc.sockets(proc.LISTEN, ports):
        raise GateFailed(f"somebody listens on port {listening[0].port}, which is the app's")


def _all(app: App) -> list[int]:
    return [pid for slot in SLOTS for pid in app.alive(slot)]


def _signal(pids: list[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def _wait(app: App, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while _all(app) and time.monotonic() < deadline:
        time.sleep(0.1)
