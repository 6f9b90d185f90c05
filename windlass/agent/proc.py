"""What /proc says of sockets and processes: who listens where, who is whose child, since when."""

from __future__ import annotations

import glob
import os
import pwd
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

ESTABLISHED, LISTEN = "01", "0A"

_ANSWERING = (("127.0.0.1",), ("0.0.0.0",), ("::ffff:127.0.0.1",), ("::", "::ffff:0.0.0.0"))  # noqa: S104
"""Who gets a connection to 127.0.0.1 when several listen on the port: the kernel takes the first group."""


@dataclass(frozen=True)
class Socket:
    """A TCP socket of this machine: its own end's address and port, its owner, its inode."""

    address: str
    port: int
    uid: int
    inode: int


@dataclass(frozen=True)
class Process:
    """A process and its start (clock ticks since boot), so that a reused pid is somebody else."""

    pid: int
    started: int


def sockets(state: str, ports: Iterable[int] | None = None) -> list[Socket]:
    """All TCP sockets in a state, v4 and v6; with `ports`, those whose own end has one of them."""
    wanted = None if ports is None else set(ports)
    found = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in _lines(table)[1:]:
            fields = line.split()
            if len(fields) < 10 or fields[3] != state:
                continue
            address, own_port = _endpoint(fields[1])
            if wanted is None or own_port in wanted:
                found.append(Socket(address, own_port, int(fields[7]), int(fields[9])))
    return found


def listeners(port: int) -> list[Socket]:
    """Everything that listens on the port, on whatever address."""
    return sockets(LISTEN, [port])


def answering(listening: Iterable[Socket]) -> list[Socket]:
    """Those among the listeners of one port that a connection to 127.0.0.1 reaches."""
    known = list(listening)
    for addresses in _ANSWERING:
        group = [one for one in known if one.address in addresses]
        if group:
            return group
    return []


def established(*ports: int) -> int:
    """How many connections the ports' own processes have open (nginx's idle keep-alive ones too)."""
    return len(sockets(ESTABLISHED, ports))


def holders(inodes: Iterable[int], likely: Iterable[int] = ()) -> dict[int, set[int]]:
    """The pids that have each socket open; empty where only somebody else's process can.

    Where the `likely` pids account for all of them, nobody else is looked at.
    """
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    found: dict[int, set[int]] = {inode: set() for inode in wanted.values()}
    for candidates in (likely, pids()):
        for pid in candidates:
            for link in _open_files(pid):
                if link in wanted:
                    found[wanted[link]].add(pid)
        if all(found.values()):
            break
    return found


def pids() -> Iterator[int]:
    """Every process that this user may know of."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            yield int(name)


def process(pid: int) -> Process | None:
    """The process, None once it has ended (a zombie has)."""
    fields = _stat(pid)
    return None if fields is None or fields[0] in "ZX" else Process(pid, int(fields[19]))


def age(known: Process) -> float:
    """Seconds since the process was started."""
    # Not by /proc/uptime, which a container may have of its own.
    return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - known.started / os.sysconf("SC_CLK_TCK"))


def parent(pid: int) -> int | None:
    """The parent's pid, None where there is no such process."""
    fields = _stat(pid)
    return None if fields is None else int(fields[1])


def lineage(pid: int) -> list[int]:
    """The pid, its parent, and so on, up to and without process 1."""
    line: list[int] = []
    current: int | None = pid
    while current is not None and current > 1 and current not in line:
        line.append(current)
        current = parent(current)
    return line


def families() -> dict[int, list[int]]:
    """The children of every process that has some, by its pid."""
    children: dict[int, list[int]] = {}
    for pid in pids():
        above = parent(pid)
        if above is not None:
            children.setdefault(above, []).append(pid)
    return children


def cwd(pid: int) -> str:
    """The process's working directory; a deleted one ends in " (deleted)", an unreadable one is ""."""
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return ""


def environ(pid: int) -> list[bytes]:
    """What the process was started with, as NAME=value; empty where this user may not know."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read().split(b"\0")
    except OSError:
        return []


def name(pid: int) -> str:
    """The process's short name, "" where there is no such process."""
    return "".join(_lines(f"/proc/{pid}/comm")).strip()


def title(pid: int) -> str:
    """The process's command line, its words joined by spaces."""
    return "".join(_lines(f"/proc/{pid}/cmdline")).replace("\0", " ").strip()


def program(pid: int) -> str:
    """The process for a person: its name and pid."""
    return f"{name(pid) or 'a process'} (pid {pid})"


def user(uid: int) -> str:
    """The user's name, or the number where the system has none for it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def from_pid_files(patterns: Iterable[str]) -> list[Process]:
    """The running processes that the pid files matching these globs name."""
    found = []
    for pattern in patterns:
        for path in sorted(glob.glob(pattern)):
            text = "".join(_lines(path)).strip()
            known = process(int(text)) if text.isdigit() else None
            if known is not None:
                found.append(known)
    return found


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readlines()
    except OSError:
        return []


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the name, which may itself hold spaces and brackets."""
    text = "".join(_lines(f"/proc/{pid}/stat"))
    return text.rpartition(")")[2].split() if ")" in text else None


def _open_files(pid: int) -> Iterator[str]:
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        try:
            yield os.readlink(f"{folder}/{name}")
        except OSError:
            continue


def _endpoint(text: str) -> tuple[str, int]:
    address, _, port = text.partition(":")
    words = [int(address[start : start + 8], 16) for start in range(0, len(address), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    return socket.inet_ntop(family, packed), int(port, 16)
