"""Room kept back on the app's disk, so that a full one can still be put right: pid files, pm2's list, the ledger."""

from __future__ import annotations

import os
from typing import Any, Dict

SIZE = 2 * 1024 * 1024
"""Bytes kept back; as good as nothing is left once fewer than half as many are free."""

PLENTY = 8 * SIZE
"""Bytes that must be free before any are kept back again."""


def keep(paths: Dict[str, Any]) -> None:
    """Keep room back where there is plenty; never an error."""
    path = paths["reserve"]
    try:
        if os.path.exists(path) or _free(path) < PLENTY:
            return
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, SIZE)
        finally:
            os.close(descriptor)
    except OSError:
        give_up(path)


def use(paths: Dict[str, Any]) -> bool:
    """Give the room up where the disk is as good as full; whether it was."""
    path = paths["reserve"]
    try:
        full = _free(path) < SIZE // 2
    except OSError:
        return False
    if full:
        give_up(path)
    return full


def give_up(path: str) -> None:
    """Free the room; nothing if there is none."""
    try:
        os.unlink(path)
    except OSError:
        pass


def _free(path: str) -> int:
    figures = os.statvfs(os.path.dirname(path))
    return figures.f_bavail * figures.f_frsize
