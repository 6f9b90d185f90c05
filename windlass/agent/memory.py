"""What memory the server has."""

from __future__ import annotations


def available() -> int:
    """Bytes that could be had without swapping."""
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return 0
