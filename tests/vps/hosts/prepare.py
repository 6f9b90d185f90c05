"""`python -m tests.vps.hosts.prepare` builds what the test hosts start from, where it is not built yet."""

from __future__ import annotations

import sys
import time

from tests.support.cache import cache_home
from tests.vps.hosts import images
from tests.vps.hosts.needs import lacks
from tests.vps.hosts.network import Slot


def main() -> None:
    lack = lacks()
    if lack:
        # The tests say so again, and fail under CI.
        sys.stderr.write(f"no test hosts: {lack}\n")
        return
    began = time.monotonic()
    slot = Slot(cache_home() / "disks")
    try:
        images.base(slot)
    finally:
        slot.close()
    sys.stdout.write(f"test hosts are ready ({time.monotonic() - began:.0f} s)\n")


if __name__ == "__main__":
    main()
