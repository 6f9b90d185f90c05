"""`python -m tests.vps.hosts.prepare` builds what the test hosts start from, where it is not built yet."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tests.support import node, node_mirror
from tests.support.cache import cache_home
from tests.vps.hosts import bare, images
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
        # Each waits for a mirror most of the time.
        wanted = (lambda: images.base(slot), bare.bare, node.pm2_home, node_mirror.folder)
        with ThreadPoolExecutor() as pool:
            for building in [pool.submit(build) for build in wanted]:
                building.result()
    finally:
        slot.close()
    sys.stdout.write(f"test hosts are ready ({time.monotonic() - began:.0f} s)\n")


if __name__ == "__main__":
    main()
