"""A unit's lines in the journal, read as `tail` reads files: the last ones, and what is added."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any, Callable, Dict, List, Optional

TIMEOUT = 15.0
FURTHEST = 64 * 1024 * 1024
"""Bytes from its end that a unit's journal is searched."""

BLOCK = 64 * 1024
UNREADABLE = "the journal is for root and the groups adm and systemd-journal: fab setup puts the user who deploys there"


_GROUPS = {"adm", "systemd-journal", "wheel"}


class Journal:
    """One unit's lines, following from a `cursor` on. As `tail.Source`."""

    def __init__(self, about: Dict[str, Any], cursor: str) -> None:
        self.unit: str = about["unit"]
        self.path, self.label, self.slot = self.unit, str(about["label"]), str(about["slot"])
        self.modified, self.problem = 0.0, ""
        self._partial = b""
        self._follower: Optional[subprocess.Popen[bytes]] = None
        self._cursor = cursor
        if not cursor:
            self.problem = UNREADABLE

    def last(self, count: int, wanted: Any, breathe: Callable[[], None]) -> List[str]:
        """The last `count` wanted lines before the point where following begins; `breathe` is called in between."""
        found: List[str] = []
        # From that point backwards.
        process = self._start("--reverse", f"--cursor={self._cursor}")
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

    def added(self) -> List[bytes]:
        """The whole lines added since."""
        if self._follower is None:
            self._follower = self._start("--follow", "--no-tail", f"--after-cursor={self._cursor}")
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
        # By the field, not by -u: what systemd itself says of the unit is not the app's.
        return subprocess.Popen(
            ["journalctl", "--quiet", "--output=cat", "--all", *words, f"_SYSTEMD_UNIT={self.unit}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )


def end() -> str:
    """Where the whole journal ends now; "" where this user may not read it.

    That of one unit would not do: it may have written nothing.
    """
    if os.geteuid() and not _GROUPS & {_group(number) for number in os.getgroups()}:
        return ""
    words = ["journalctl", "--quiet", "--lines=1", "--output=json", "--output-fields=_BOOT_ID"]
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False
        )
        return str(json.loads(done.stdout)["__CURSOR"])
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError):
        return ""


def _group(number: int) -> str:
    import grp

    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return ""
