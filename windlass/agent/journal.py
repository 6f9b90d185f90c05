"""Units' lines in the journal, read as `tail` reads files: the last ones, and what is added."""

from __future__ import annotations

import os
import subprocess
from typing import Any, Callable, Dict, List, Optional

FURTHEST = 64 * 1024 * 1024
"""Bytes from its end that a unit's journal is searched."""

BLOCK = 64 * 1024
UNREADABLE = "the journal is for root and the groups adm and systemd-journal: fab setup puts the user who deploys there"


_ENDS = ("98e322203f7a4ed290d09fe03c09fe15", "fe6faa94e7774663a0da52717891d8ef")
"""systemd's messages that a unit's process has exited otherwise than well, and that memory ran out
(sd-messages.h: SD_MESSAGE_UNIT_PROCESS_EXIT, SD_MESSAGE_UNIT_OUT_OF_MEMORY)."""

_GROUPS = {"adm", "systemd-journal", "wheel"}


class Journal:
    """The lines of some units; following begins at the moment `now`, in seconds since the epoch. As `tail.Source`."""

    def __init__(self, about: Dict[str, Any], now: float) -> None:
        self._units: List[str] = about["units"]
        self.path, self.label, self.slot = "the journal", str(about["label"]), str(about["slot"])
        self.modified, self.problem = 0.0, "" if _is_readable() else UNREADABLE
        self._partial = b""
        self._follower: Optional[subprocess.Popen[bytes]] = None
        # Not by a cursor: behind one that is another unit's, journalctl passes over the first line that fits.
        self._now = f"@{now:.6f}"

    def last(self, count: int, wanted: Any, breathe: Callable[[], None]) -> List[str]:
        """The last `count` wanted lines before the point where following begins; `breathe` is called in between."""
        found: List[str] = []
        process = self._start("--reverse", f"--until={self._now}")
        assert process.stdout
        rest, read = b"", 0
        while len(found) < count and read < FURTHEST:
            chunk = process.stdout.read(BLOCK)
            *lines, rest = (rest + chunk).split(b"\n")
            found += wanted.of(lines if chunk else [*lines, rest])
            read += len(chunk)
            breathe()
            if not chunk:
                break
        process.stdout.close()
        process.kill()
        process.wait()
        return found[:count][::-1]

    def keep_unfinished(self) -> None:
        """The journal has whole lines alone."""

    def added(self, masks: List[str]) -> List[bytes]:
        """The whole lines added since; a secret is in one of them, if it is in any."""
        if self._follower is None:
            self._follower = self._start("--follow", "--no-tail", f"--since={self._now}")
            assert self._follower.stdout
            os.set_blocking(self._follower.stdout.fileno(), False)
        assert self._follower.stdout
        try:
            chunk = os.read(self._follower.stdout.fileno(), BLOCK)
        except BlockingIOError:
            return []
        *lines, self._partial = (self._partial + chunk).split(b"\n")
        return lines

    def close(self) -> None:
        """End who follows."""
        if self._follower is not None:
            self._follower.kill()
            self._follower.wait()

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        # By the fields, not by -u: of what systemd itself says of the unit only how it came to end matters here.
        wanted = [f"_SYSTEMD_UNIT={unit}" for unit in self._units]
        ends = ["_PID=1", *(f"UNIT={unit}" for unit in self._units), *(f"MESSAGE_ID={one}" for one in _ENDS)]
        return subprocess.Popen(
            ["journalctl", "--quiet", "--output=cat", "--all", *words, *wanted, "+", *ends],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )


def _is_readable() -> bool:
    """Whether this user may read what others' processes wrote; who may not sees their own, and no error."""
    return not os.geteuid() or bool(_GROUPS & {_group(number) for number in os.getgroups()})


def _group(number: int) -> str:
    import grp

    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return ""
