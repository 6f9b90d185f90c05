"""Gate `listens`: the slot's own process has its port; asked before visitors are sent back to it."""

from __future__ import annotations

import os
import time
from typing import Any

from . import occupant
from .failure import GateFailed

INTERVAL = 0.1


def listens(arguments: dict[str, Any]) -> None:
    """Return once the process listens; GateFailed after `seconds`. Nothing is asked while the file `unless` is there.

    How it answers is not asked: it was live before, and to be there is all that going back to it needs.
    """
    expected, unless = occupant.Expected.of(arguments), str(arguments.get("unless") or "")
    deadline = time.monotonic() + float(arguments["seconds"])
    while not (unless and os.path.exists(unless)):
        finding = occupant.look(expected)
        if finding.process:
            return
        if time.monotonic() >= deadline:
            raise GateFailed(f"{finding.problem}: visitors are not sent back to it")
        time.sleep(INTERVAL)
