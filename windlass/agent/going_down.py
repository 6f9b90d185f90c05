"""Whether this server is being shut down: what ends then was not meant to be put right before the next boot."""

from __future__ import annotations

import os
import subprocess

from .failure import GateFailed

BUS = "/run/dbus/system_bus_socket"


def is_going_down() -> bool:
    """As systemd says; a bus that does not answer any more is one that has been shut down."""
    try:
        asked = subprocess.run(
            ["systemctl", "is-system-running"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    said = asked.stdout.strip()
    return said == b"stopping" or (not said and os.path.exists(BUS))


def refuse() -> None:
    """GateFailed where the server is going down."""
    if is_going_down():
        raise GateFailed("the server is going down: what runs is put right after its boot")
