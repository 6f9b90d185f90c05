"""Appending to the ledger: one JSON object a line, whole or not there at all."""

from __future__ import annotations

import json
import os
import time
from typing import Any, Dict, Optional


def now() -> str:
    """The server's time, UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def stamp() -> str:
    """The same, to the millisecond: some runs take a second."""
    seconds, fraction = divmod(int(time.time() * 1000), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{fraction:03d}Z"


def append(path: str, record: Dict[str, Any]) -> None:
    """Add one record and sync it; a torn last line of an earlier crash is closed first."""
    line = json.dumps({"time": stamp(), **record}, ensure_ascii=False).encode() + b"\n"
    _append(path, line)


def record_of(line: bytes) -> Optional[Dict[str, Any]]:
    """The record that a line holds; None for a torn or foreign one."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def opened(path: str) -> Any:
    """One of the ledger's files to be read, None where it is not there for us."""
    try:
        return open(path, "rb")
    except OSError:
        return None


def sync_folder(path: str) -> None:
    """Have what was made or renamed in a folder stay there. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _append(path: str, line: bytes) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line
        written = 0
        try:
            while written < len(line):
                written += os.write(descriptor, line[written:])
        except OSError:
            os.ftruncate(descriptor, size)
            raise
        os.fsync(descriptor)
        if not size:
            sync_folder(os.path.dirname(path))
    finally:
        os.close(descriptor)
