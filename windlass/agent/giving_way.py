"""Work that gives way to the live app beside it: for the processors, the disk and memory."""

from __future__ import annotations

import os
import shutil
import time
from typing import List

LOWEST = 19
"""The nice value of work that anything else goes before."""

AUTOGROUP = "/proc/self/autogroup"
AUTOGROUP_SECONDS = 2.0
"""How long it is tried anew: the kernel lets all users together change ten groups a second."""


def idle_disk(words: List[str]) -> List[str]:
    """The command, with the disk only when nobody else wants it, where the server has `ionice`."""
    return ["ionice", "-c", "3", *words] if shutil.which("ionice") else words


def give_way() -> None:
    """Make this process, the leader of a new session, give way, and be first in line for the OOM killer.

    Between sessions the kernel weighs their groups and not the processes' own nice values, where it groups them.
    """
    os.nice(LOWEST)
    _lower_the_session()
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("800")


def _lower_the_session() -> None:
    deadline = time.monotonic() + AUTOGROUP_SECONDS
    while True:
        try:
            with open(AUTOGROUP, "w", encoding="ascii") as file:
                file.write(str(LOWEST))
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                return
            time.sleep(0.02)
        except OSError:  # a kernel without such groups
            return
