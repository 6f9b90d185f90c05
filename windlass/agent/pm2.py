"""What pm2 runs, asked without starting a daemon that is not there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

from . import owner, proc

TIMEOUT = 15.0


def listed(arguments: dict[str, Any]) -> dict[str, Any]:
    """pm2's processes, or `{"daemon": false}`; `error` says why a list could not be had.

    `home` is PM2_HOME where it is not ~/.pm2; `path`, and what the file `path_file` holds, are put before
    PATH, for a node that is elsewhere.
    """
    home = os.path.expanduser(arguments.get("home") or os.environ.get("PM2_HOME") or "~/.pm2")
    if not daemon(home):
        return {"daemon": False, "processes": []}
    known = [arguments.get("path"), noted(arguments.get("path_file") or "")]
    path = ":".join(filter(None, [*known, os.environ.get("PATH", os.defpath)]))
    try:
        check(path)
        done = _run({**os.environ, "PM2_HOME": home, "PATH": path})
        found = [_trimmed(one) for one in _array(done.stdout.decode("utf-8", "replace"))]
    except FileNotFoundError:
        return _failed("pm2 is not on the PATH")
    except subprocess.TimeoutExpired:
        return _failed(f"pm2 gave no list within {TIMEOUT:g} s")
    except OSError as error:
        return _failed(f"pm2 could not be run: {error}")
    except (ValueError, KeyError, TypeError, AttributeError):
        said = " ".join(done.stderr.decode("utf-8", "replace").split())[:200]
        return _failed(f"pm2 gave no list (exit code {done.returncode})" + (f": {said}" if said else ""))
    return {"daemon": True, "processes": found}


def check(path: str) -> None:
    """Raise PermissionError where root would run a pm2 or a node, of this PATH, that somebody else may change."""
    if os.geteuid() != 0:
        return
    for name in ("pm2", "node"):
        found = shutil.which(name, path=path)
        if found and not owner.is_roots(found):
            raise PermissionError(f"others than root may change {found}, so root does not run it")


def noted(path: str) -> str:
    """The folder of node that a file names; to root, files of other users say nothing."""
    if os.geteuid() == 0 and not owner.is_roots(path):
        return ""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline().strip()
    except OSError:
        return ""


def _run(environment: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["pm2", "-s", "jlist"],
        env=environment,
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )


def daemon(home: str) -> int:
    """The pid of the daemon of this PM2_HOME, 0 where none runs."""
    # Not by its pid file, which systemd removes when the unit fails while another daemon runs.
    for pid in proc.pids():
        title = proc.title(pid)
        if title.startswith("PM2 v") and f"God Daemon ({home})" in title:
            return pid
    return 0


def _array(text: str) -> Any:
    """The JSON list, behind whatever pm2 says before it."""
    for line in reversed(text.splitlines()):
        if line.startswith("["):
            return json.loads(line)
    return json.loads(text)


def _trimmed(one: dict[str, Any]) -> dict[str, Any]:
    """Without the environment, which holds secrets; `since` is in milliseconds since the epoch."""
    known = one["pm2_env"]
    return {
        "name": one["name"],
        "namespace": known.get("namespace", ""),
        "pid": one.get("pid") or 0,
        "pm_id": one.get("pm_id"),
        "status": known.get("status", ""),
        "restarts": known.get("restart_time", 0),
        "since": known.get("pm_uptime", 0),
        "cwd": known.get("pm_cwd", ""),
        "cpu": (one.get("monit") or {}).get("cpu", 0),
        "memory": (one.get("monit") or {}).get("memory", 0),
    }


def _failed(reason: str) -> dict[str, Any]:
    return {"daemon": True, "processes": [], "error": reason}
