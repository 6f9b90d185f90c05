"""Figures of this machine: load, memory, disk, processes, listeners; by psutil where its python3 has it."""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Iterable
from typing import Any, Callable, Dict

from . import proc, units
from .pm2 import listed

HINT = "apt-get install python3-psutil"


def system(arguments: dict[str, Any]) -> dict[str, Any]:
    """The figures over `interval` seconds (1), which is also how long it takes.

    `disks` are paths, `ports` the ports whose listeners are wanted, `pids`, `pid_files` (globs) and `units` (a
    pattern) the processes, each with all that it started. Without psutil: no CPU, no processes, and a hint.
    """
    disks, ports = arguments.get("disks") or ["/"], arguments.get("ports") or []
    figures: dict[str, Any] = {
        "load": list(os.getloadavg()),
        "cpus": os.cpu_count() or 1,
        "disks": {path: _disk(path) for path in disks},
        "listeners": _listeners(map(int, ports)),
        "uptime": _uptime(),
        **_memory(),
    }
    try:
        psutil = importlib.import_module("psutil")
    except ImportError:
        return {**figures, "psutil": False, "hint": HINT}
    pids = [int(pid) for pid in arguments.get("pids") or []]
    pids += [one.pid for one in proc.from_pid_files(arguments.get("pid_files") or [])]
    if arguments.get("units"):
        pids += [one["pid"] for one in units.listed({"pattern": arguments["units"]}) if one["pid"]]
    return {**figures, "psutil": True, **_measured(psutil, float(arguments.get("interval") or 1.0), pids)}


def _measured(psutil: Any, interval: float, pids: list[int]) -> dict[str, Any]:
    """What only shows over time: CPU percent of all cores together, and of each process of one core."""
    children = proc.families()
    families = {pid: _handles(psutil, pid, children) for pid in pids}
    psutil.cpu_percent(None)
    for handles in families.values():
        _sum(psutil, handles, "cpu_percent")
    time.sleep(interval)
    return {
        "cpu": psutil.cpu_percent(None),
        "processes": {str(pid): _figures(psutil, handles) for pid, handles in families.items() if handles},
    }


def _handles(psutil: Any, pid: int, children: dict[int, list[int]]) -> list[Any]:
    """The process and all its descendants."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop(0)
        waiting += children.get(one, [])
        try:
            found.append(psutil.Process(one))
        except psutil.Error:
            continue
    return found


def _figures(psutil: Any, handles: list[Any]) -> dict[str, Any]:
    try:
        name, began = handles[0].name(), handles[0].create_time()
    except psutil.Error:
        name, began = "", time.time()
    return {
        "name": name,
        "cpu": round(_sum(psutil, handles, "cpu_percent"), 1),
        "rss": int(_sum(psutil, handles, "memory_info")),
        "uptime": max(0.0, time.time() - began),
        "processes": len(handles),
    }


def _sum(psutil: Any, handles: list[Any], figure: str) -> float:
    total = 0.0
    for handle in handles:
        try:
            value = getattr(handle, figure)()
        except psutil.Error:
            continue  # ended meanwhile, or somebody else's
        total += value.rss if figure == "memory_info" else value
    return total


def _memory() -> dict[str, dict[str, int]]:
    """Bytes; `available` is what a new process can have without swapping, as the kernel reckons it."""
    known = {}
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            name, _, value = line.partition(":")
            known[name] = int(value.split()[0]) * 1024
    swap = known.get("SwapTotal", 0)
    return {
        "memory": {"total": known["MemTotal"], "available": known.get("MemAvailable", known["MemFree"])},
        "swap": {"total": swap, "used": swap - known.get("SwapFree", 0)},
    }


def _disk(path: str) -> dict[str, int]:
    """Bytes and inodes of the file system that holds the path, or the nearest folder above it that exists."""
    while not os.path.exists(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    found = os.statvfs(path)
    return {
        "total": found.f_blocks * found.f_frsize,
        "free": found.f_bavail * found.f_frsize,
        "inodes": found.f_files,
        "inodes_free": found.f_favail,
    }


def _uptime() -> float:
    with open("/proc/uptime", encoding="ascii") as file:
        return float(file.read().split()[0])


def _listeners(ports: Iterable[int]) -> list[dict[str, Any]]:
    """Who listens, in one look at all processes; each is known to its own user and to root, a unit's to everybody."""
    found = proc.sockets(proc.LISTEN, ports)
    held = proc.holders([one.inode for one in found])
    return [_listener(one, min(held[one.inode], default=0) or _of_unit(one)) for one in found]


def _listener(one: proc.Socket, pid: int) -> dict[str, Any]:
    return {
        "port": one.port,
        "address": one.address,
        "user": proc.user(one.uid),
        "pid": pid,
        "program": proc.name(pid) if pid else "",
    }


def _of_unit(one: proc.Socket) -> int:
    """The main process of the unit that the socket was opened in: of another user's, nobody tells more."""
    unit = units.openers(one.port).get(one.inode, "")
    return next((process.pid for process in units.started([unit])), 0) if unit else 0


CALLS: Dict[str, Callable[[Dict[str, Any]], Any]] = {"system": system, "pm2": listed, "units": units.listed}
