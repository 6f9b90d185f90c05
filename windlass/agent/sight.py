"""Whether the access log can be read, and tells of what nginx answers."""

from __future__ import annotations

import getpass
import time
from typing import Any

from . import gates_nginx, probe
from .access_log import AccessLog

PATIENCE = 0.5
"""Seconds after an answer in which nginx has written its line."""


def look(path: str, through: dict[str, Any], timeout: float) -> tuple[probe.Reply, str]:
    """One request through nginx, and why the log at `path` does not tell of it; "" where it does.

    `through` are the arguments of the gate through nginx. Where nginx did not answer, nothing is said of the log.
    """
    log, problem = AccessLog(path), ""
    try:
        log.before(0)
    except OSError as error:
        problem = unreadable(path, error)
    reply = gates_nginx.ask(through, timeout)
    if problem or not reply.status:
        return reply, problem
    deadline = time.monotonic() + PATIENCE
    while log.blindness() and time.monotonic() < deadline:
        time.sleep(0.01)
        try:
            log.new()
        except OSError as error:
            return reply, unreadable(path, error)
    return reply, log.blindness()


def unreadable(path: str, error: OSError) -> str:
    """Why the log cannot be read, with what helps."""
    way = (
        f": `sudo usermod -aG adm {_user()}`, then log in again" if isinstance(error, PermissionError) else ""
    )
    return f"{path}: {error.strerror}{way}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "USER"
