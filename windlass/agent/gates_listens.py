"""Gate `listens`: the slot's own processes have their ports; asked before visitors are sent back to them."""

from __future__ import annotations

import os
import time
from typing import Any

from . import occupant
from .failure import GateFailed

INTERVAL = 0.1
SETTLE = 2.0
"""Seconds that the others get once the first of several listens: some of them are better than none."""


def listens(arguments: dict[str, Any]) -> None:
    """Return once the processes listen; GateFailed after `seconds`. Nothing is asked while the file `unless` is there.

    How they answer is not asked: they were live before, and to be there is all that going back to them needs. Where
    one of several does not come, that is warned of.
    """
    expected = [occupant.Expected.of(each) for each in occupant.Expected.each(arguments)]
    unless = str(arguments.get("unless") or "")
    deadline, patience = time.monotonic() + float(arguments["seconds"]), 0.0
    while not (unless and os.path.exists(unless)):
        findings = [occupant.look(one) for one in expected]
        problems = [finding.problem for finding in findings if not finding.process]
        now = time.monotonic()
        if not problems:
            return
        if len(problems) == len(findings):
            patience = 0.0
            if now >= deadline:
                raise GateFailed(f"{problems[0]}: visitors are not sent back to it")
        else:
            patience = patience or now + SETTLE
            if now >= patience:
                print(f"warning: {'; '.join(problems)}", flush=True)
                return
        time.sleep(INTERVAL)
