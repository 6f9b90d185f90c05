"""What a server of the demo leaves to be ended: its processes, wherever they went, and its folder."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

import psutil

from windlass.demo.locks import FileLock
from windlass.demo.waiting import wait_until

MARK = "WINDLASS_DEMO"
"""In the environment of every process of a server: its folder."""
LOCK, KEPT = "lock", "kept"


def processes_of(folder: Path) -> list[psutil.Process]:
    """What the server in a folder and its sessions have started and still runs."""
    return [process for process in psutil.process_iter() if _belongs(process, folder)]


def remove(folder: Path) -> None:
    """End all its processes and remove the folder; raises WaitedInVain where one does not end."""

    def ended() -> bool:
        left = processes_of(folder)
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        return not left

    wait_until(ended, 20, lambda: f"still running: {processes_of(folder)}", interval=0.05)
    shutil.rmtree(folder, ignore_errors=True)


def remove_leftovers(base: Path, prefix: str) -> None:
    """Remove the servers of this user whose maker was killed; those that run or are kept stay."""
    for folder in servers(base, prefix):
        lock = None if (folder / KEPT).exists() else FileLock.try_take(folder / LOCK)
        if lock:
            remove(folder)
            lock.close()


def kept(base: Path, prefix: str) -> list[Path]:
    """The servers of this user that were left up on request."""
    return [folder for folder in servers(base, prefix) if (folder / KEPT).exists()]


def servers(base: Path, prefix: str) -> list[Path]:
    """The folders of this user's servers; in a folder that all may write into, a name alone proves nothing."""
    found = (folder for folder in base.glob(f"{prefix}*") if (folder / LOCK).exists())
    return sorted(folder for folder in found if folder.lstat().st_uid == os.geteuid())


def _belongs(process: psutil.Process, folder: Path) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if process.environ().get(MARK) == str(folder):
            return True
        # The titles of sshd, nginx and pm2 take the place of their environment. What has a terminal is a
        # person's, who has only gone there to look.
        if process.terminal() is not None:
            return False
        return process.cwd().startswith(f"{folder}/") or f"{folder}/" in " ".join(process.cmdline())
    except (psutil.Error, OSError):
        return False
