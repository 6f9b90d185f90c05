"""The server's figures, and what pm2 runs: asked through the agent, read for the status table."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from windlass.question import Answer, Question
from windlass.shell import all_of, cmd

INTERVAL = 1.0
"""Seconds over which CPU is measured."""


@dataclass(frozen=True)
class Space:
    """Bytes; of a disk, of memory, or of swap."""

    total: int
    free: int

    @property
    def used_percent(self) -> float:
        return 100 * (self.total - self.free) / self.total if self.total else 0.0


@dataclass(frozen=True)
class Listener:
    """Who listens on a port; `pid` is 0 and `program` "" where that cannot be seen."""

    port: int
    address: str
    user: str
    pid: int
    program: str


@dataclass(frozen=True)
class ProcessFigures:
    """A process with all that it started: `cpu` in percent of one core, `rss` in bytes, `uptime` in s."""

    name: str
    cpu: float
    rss: int
    uptime: float


@dataclass(frozen=True)
class SystemFigures:
    """`cpu` in percent of all cores, None without psutil (`hint` says how to get it); `uptime` in seconds."""

    load: tuple[float, ...]
    cpus: int
    cpu: float | None
    memory: Space
    swap: Space
    disks: dict[str, Space]
    uptime: float
    listeners: tuple[Listener, ...] = ()
    processes: dict[int, ProcessFigures] = field(default_factory=dict)
    hint: str = ""


@dataclass(frozen=True)
class Pm2Process:
    """One line of pm2's list; `since` is when it started, in seconds since the epoch."""

    name: str
    namespace: str
    pid: int
    pm_id: int
    status: str
    restarts: int
    since: float
    cwd: str


@dataclass(frozen=True)
class Pm2List:
    """What pm2 runs; without its daemon nothing, and `error` says why a list could not be had."""

    daemon: bool
    processes: tuple[Pm2Process, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Unit:
    """An instance that systemd runs, starts or ends; `status` is its word, `since` in seconds since the epoch."""

    name: str
    pid: int
    status: str
    active: str
    restarts: int
    since: float

    @property
    def slot(self) -> str:
        return self.name.partition("@")[2].partition(".")[0]


def figures(
    disks: Iterable[PurePosixPath], ports: Iterable[int], pid_files: Iterable[str], units: str = ""
) -> Question[SystemFigures | None]:
    """The figures over one second; None where the server gave none. `pid_files` are globs, `units` a pattern."""
    paths = [str(path) for path in disks]
    arguments = {
        "interval": INTERVAL,
        "disks": paths,
        "ports": list(ports),
        "pid_files": list(pid_files),
        "units": units,
    }
    by_hand = all_of(
        cmd("uptime"),
        cmd("free", "--mebi"),
        cmd("df", "--human-readable", *paths),
        cmd("ss", "--listening", "--tcp", "--numeric", "--processes"),
    )
    return Question("system", by_hand, parse_figures, "system", arguments, timeout=15)


def pm2_list(path: str = "", path_file: str = "") -> Question[Pm2List]:
    """What pm2 runs, without starting its daemon; `path`, and what `path_file` holds, go before the PATH."""
    by_hand = cmd("pm2", "-s", "jlist")
    return Question("pm2", by_hand, parse_pm2_list, "pm2", {"path": path, "path_file": path_file}, timeout=20)


def unit_list(app: str) -> Question[tuple[Unit, ...]]:
    """What systemd runs of the app."""
    pattern = f"windlass-{app}.*@*"
    by_hand = cmd("systemctl", "list-units", pattern)
    return Question("unit_list", by_hand, parse_unit_list, "units", {"pattern": pattern}, timeout=20)


def parse_unit_list(answer: Answer) -> tuple[Unit, ...]:
    """None of what could not be asked."""
    return tuple(Unit(**one) for one in json.loads(answer.out)) if answer.code == 0 else ()


def parse_figures(answer: Answer) -> SystemFigures | None:
    """None where the call failed."""
    if answer.code != 0:
        return None
    known = json.loads(answer.out)
    memory, swap = known["memory"], known["swap"]
    return SystemFigures(
        load=tuple(known["load"]),
        cpus=known["cpus"],
        cpu=known.get("cpu"),
        memory=Space(memory["total"], memory["available"]),
        swap=Space(swap["total"], swap["total"] - swap["used"]),
        disks={path: Space(disk["total"], disk["free"]) for path, disk in known["disks"].items()},
        uptime=known["uptime"],
        listeners=tuple(Listener(**one) for one in known["listeners"]),
        processes={int(pid): _process(one) for pid, one in known.get("processes", {}).items()},
        hint=known.get("hint", ""),
    )


def parse_pm2_list(answer: Answer) -> Pm2List:
    """A call that failed is a list with an `error`."""
    if answer.code != 0:
        return Pm2List(daemon=True, error=answer.err.strip() or "pm2 gave no answer in time")
    known = json.loads(answer.out)
    return Pm2List(known["daemon"], tuple(map(_pm2_process, known["processes"])), known.get("error", ""))


def _process(one: dict[str, Any]) -> ProcessFigures:
    return ProcessFigures(one["name"], one["cpu"], one["rss"], one["uptime"])


def _pm2_process(one: dict[str, Any]) -> Pm2Process:
    return Pm2Process(
        name=one["name"],
        namespace=one["namespace"],
        pid=one["pid"],
        pm_id=one["pm_id"],
        status=one["status"],
        restarts=one["restarts"],
        since=one["since"] / 1000,
        cwd=one["cwd"],
    )
