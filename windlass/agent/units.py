"""What systemd runs, as anybody may ask: processes by their units, and sockets by the units they were opened in."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from typing import Any

from . import live, proc

TIMEOUT = 15.0
_SHOWN = (
    "Id", "ActiveState", "SubState", "MainPID", "NRestarts", "ExecMainStartTimestampMonotonic", "Result",
)  # fmt: skip


def has_started(arguments: dict[str, Any]) -> bool:
    """Whether a gate's `units` are what started its `slot`, and not pm2 with the `pid_files`."""
    if not arguments.get("units"):
        return False
    if "paths" not in arguments:
        return not arguments.get("pid_files")
    return live.supervisor(arguments["paths"], arguments["slot"]) == "systemd"


def shown(units: Iterable[str]) -> dict[str, dict[str, str]]:
    """The properties of each unit by its name; none where systemd does not answer."""
    wanted = list(units)
    if not wanted:
        return {}
    text = _said(["systemctl", "show", "-p", ",".join(_SHOWN), *wanted])
    found = (dict(_pairs(block)) for block in text.split("\n\n"))
    return {one["Id"]: one for one in found if "Id" in one}


def started(units: Iterable[str]) -> list[proc.Process]:
    """The main processes of those units that run."""
    pids = (int(one.get("MainPID") or 0) for one in shown(units).values())
    found = (proc.process(pid) for pid in pids if pid)
    return [one for one in found if one is not None]


def existing(pattern: str) -> list[str]:
    """The units whose names match the pattern and that run, start or end."""
    text = _said(["systemctl", "list-units", "--plain", "--no-legend", "--full", pattern])
    lines = (line.split() for line in text.splitlines())
    return [words[0] for words in lines if len(words) > 2 and words[2] not in ("inactive", "failed")]


def openers(port: int) -> dict[int, str]:
    """The unit in which each socket that listens on the port was opened, by its inode; "" outside of all.

    The kernel keeps a socket's control group, and tells it to everybody, while its holders are told to their own user
    alone. A process cannot leave its unit's group.
    """
    found = {}
    for line in _said(["ss", "-Hltne", "--cgroup", f"sport = :{port}"]).splitlines():
        words = dict(word.split(":", 1) for word in line.split() if word.startswith(("ino:", "cgroup:")))
        if "ino" in words:
            parts = words.get("cgroup", "").split("/")
            found[int(words["ino"])] = next(
                (part for part in reversed(parts) if part.endswith(".service")), ""
            )
    return found


def listed(arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """What systemd runs of an app, by the `pattern` of its units; `since` is in seconds since the epoch."""
    found = shown(existing(arguments["pattern"]))
    return [_row(name, one) for name, one in sorted(found.items())]


def _row(name: str, one: dict[str, str]) -> dict[str, Any]:
    import time

    began = int(one.get("ExecMainStartTimestampMonotonic") or 0) / 1e6
    return {
        "name": name,
        "pid": int(one.get("MainPID") or 0),
        "status": one.get("SubState", ""),
        "active": one.get("ActiveState", ""),
        "restarts": int(one.get("NRestarts") or 0),
        "since": time.time() - (time.clock_gettime(time.CLOCK_MONOTONIC) - began) if began else 0.0,
    }


def _pairs(block: str) -> list[tuple[str, str]]:
    return [(key, value) for key, _, value in (line.partition("=") for line in block.splitlines())]


def _said(words: list[str]) -> str:
    """What a program prints; "" where it is not there, fails to answer in time, or says nothing."""
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
