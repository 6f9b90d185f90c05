"""What visitors get by the flag."""

from __future__ import annotations

import os
from typing import Any, Dict


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
