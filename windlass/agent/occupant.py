"""Who answers on a port: the process that was started, in the release's directory, or somebody else."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field
from typing import Any

from . import proc, units


@dataclass(frozen=True)
class Expected:
    """Whose answer counts; without `pid_files` any process in `cwd` will do, and without `cwd` any folder.

    With `units` (the start script of each, by its name) it is theirs, whose user need not be this one.
    """

    port: int
    cwd: str = ""
    pid_files: tuple[str, ...] = ()
    units: dict[str, str] = field(default_factory=dict)

    @staticmethod
    def each(arguments: dict[str, Any]) -> list[dict[str, Any]]:
        """A gate's arguments for each of its `instances`, whose own win; where none are told, the arguments."""
        return [{**arguments, **one} for one in arguments.get("instances") or [{}]]

    @classmethod
    def of(cls, arguments: dict[str, Any]) -> Expected:
        """What a gate's arguments `port`, `cwd`, and `pid_files` or `units` ask for."""
        by_units = units.has_started(arguments)
        return cls(
            int(arguments["port"]),
            arguments.get("cwd") or "",
            () if by_units else tuple(arguments.get("pid_files") or ()),
            dict(arguments["units"]) if by_units else {},
        )

    @property
    def named(self) -> bool:
        """Whether one process is meant and no other."""
        return bool(self.pid_files or self.units)

    def started(self) -> list[proc.Process]:
        """The processes that are meant, as far as they run."""
        return [*proc.from_pid_files(self.pid_files), *units.started(self.units)]


@dataclass(frozen=True)
class Finding:
    """`process` is the listener where it is the expected one; else `problem` says what is there instead.

    `foreign`: the port answers, but not from the expected process, so waiting does not help.
    """

    process: proc.Process | None = None
    problem: str = ""
    foreign: bool = False


def look(expected: Expected, last: proc.Process | None = None) -> Finding:
    """Find the process that answers 127.0.0.1 on the port; `last` is where it was found before."""
    listening = proc.listeners(expected.port)
    answering = proc.answering(listening)
    if not answering:
        return Finding(problem=_nothing(expected.port, listening))
    if expected.units:
        opened = units.openers(expected.port)
        return _stands([_judge_unit(expected, one, opened.get(one.inode, "")) for one in answering])
    roots = {known.pid for known in proc.from_pid_files(expected.pid_files)}
    likely = roots | ({last.pid} if last else set())
    held = proc.holders({one.inode for one in answering}, likely)
    return _stands([_judge(expected, one, held[one.inode], roots) for one in answering])


def _stands(findings: list[Finding]) -> Finding:
    """The finding for all who answer on the port: what is wrong with one of them, else the oldest process."""
    found = [finding for finding in findings if finding.process]
    if len(found) < len(findings):
        return next(finding for finding in findings if not finding.process)
    return min(found, key=_age)


def _age(finding: Finding) -> tuple[int, int]:
    assert finding.process is not None
    return finding.process.started, finding.process.pid


def _nothing(port: int, listening: list[proc.Socket]) -> str:
    if not listening:
        return f"nothing listens on port {port}"
    addresses = ", ".join(sorted({one.address for one in listening}))
    return f"port {port} is open on {addresses} only, and nginx asks 127.0.0.1"


def _judge(expected: Expected, one: proc.Socket, held_by: set[int], roots: set[int]) -> Finding:
    held = f"port {expected.port} is held by"
    owner = f"of user {proc.user(one.uid)}"
    if not held_by:
        return Finding(problem=f"{held} a process {owner} that cannot be seen from here", foreign=True)
    ours = [pid for pid in held_by if _below(pid, roots)] if expected.pid_files else list(held_by)
    if not ours:
        strangers = ", ".join(proc.program(pid) for pid in sorted(held_by))
        started = ", ".join(map(str, sorted(roots)))
        state = (
            f"not by the started process (pid {started})" if roots else "the started process is not running"
        )
        return Finding(problem=f"{held} {strangers} {owner}, {state}", foreign=True)
    pid = min(ours, key=lambda pid: len(proc.lineage(pid)))
    if expected.cwd and not _runs_in(pid, roots, expected.cwd):
        place = f"{proc.cwd(pid) or 'an unknown folder'}, not in {expected.cwd}"
        return Finding(problem=f"{held} {proc.program(pid)}, which runs in {place}", foreign=True)
    found = proc.process(pid)
    return Finding(found) if found else Finding(problem=_nothing(expected.port, []))


def _judge_unit(expected: Expected, one: proc.Socket, unit: str) -> Finding:
    """By the unit that the socket was opened in, which started its processes from its start script."""
    held = f"port {expected.port} is held by"
    owner = f"of user {proc.user(one.uid)}"
    if unit not in expected.units:
        names = ", ".join(expected.units)
        return Finding(problem=f"{held} {unit or 'a process'} {owner}, not by {names}", foreign=True)
    running = units.started([unit])
    if not running:
        return Finding(problem=f"{held} what {unit} has left; it does not run")
    if expected.cwd and expected.cwd != starts_in(expected.units[unit]):
        place = starts_in(expected.units[unit]) or "an unknown folder"
        return Finding(problem=f"{held} {unit}, which runs in {place}, not in {expected.cwd}", foreign=True)
    return Finding(running[0])


def starts_in(script: str) -> str:
    """The folder that a start script enters; "" where it cannot be read."""
    try:
        with open(script, encoding="utf-8") as file:
            entered = [line for line in file if line.startswith("cd ")]
        return shlex.split(entered[0])[1]
    except (OSError, ValueError, IndexError):
        return ""


def _below(pid: int, roots: set[int]) -> list[int]:
    """The pids from `pid` up to the one of `roots` that it descends from; none where it does not."""
    line = proc.lineage(pid)
    found = [number for number, one in enumerate(line) if one in roots]
    return line[: found[0] + 1] if found else []


def _runs_in(pid: int, roots: set[int], folder: str) -> bool:
    """A wrapper's directory counts for what it started, but not that of pm2 or of a login shell above."""
    wanted = os.path.realpath(folder)
    for one in _below(pid, roots) or [pid]:
        found = os.path.realpath(proc.cwd(one) or "/")
        if found == wanted or found.startswith(wanted + "/"):
            return True
    return False
