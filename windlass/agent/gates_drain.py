"""Gate `drained`: nobody is connected to the old slot any more."""

from __future__ import annotations

import time
from typing import Any

from . import proc
from .failure import GateFailed

SAY_EVERY = 5.0


def drained(arguments: dict[str, Any]) -> None:
    """Return as soon as `ports` have no open connection; GateFailed after `seconds`.

    nginx's idle keep-alive connections count until its upstream keep-alive time-out has closed them.
    """
    ports, seconds = [int(port) for port in arguments["ports"]], float(arguments["seconds"])
    where = f"port {ports[0]}" if len(ports) == 1 else f"ports {ports[0]} to {ports[-1]}"
    deadline = time.monotonic() + seconds
    said, say_at = -1, 0.0
    while True:
        left = proc.established(*ports)
        if not left:
            print(f"no connections on {where}", flush=True)
            return
        now = time.monotonic()
        if now >= deadline:
            noun = "connection was" if left == 1 else "connections were"
            raise GateFailed(f"{left} {noun} still open on {where} after {seconds:g} s")
        if left != said and now >= say_at:
            said, say_at = left, now + SAY_EVERY
            print(f"{left} open on {where}, {deadline - now:.0f} s left", flush=True)
        time.sleep(min(0.1, deadline - now))
