"""Appending to the ledger: one JSON object a line, whole or not there at all."""

from __future__ import annotations

import json
import os
import time
from typing import Any, Dict, List


def now() -> str:
    """The server's time, UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def append(path: str, record: Dict[str, Any]) -> None:
    """Add one record and sync it; a torn last line of an earlier crash is closed first."""
    line = json.dumps({"time": now(), **record}, ensure_ascii=False).encode() + b"\n"
    _append(path, line)


def read(path: str) -> List[Dict[str, Any]]:
    """Every whole record, oldest first; torn and foreign lines are left out."""
    try:
        with open(path, "rb") as file:
            lines = file.read().split(b"\n")
    except OSError:
        return []
    records = []
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            records.append(record)
    return records


def unfinished(records: List[Dict[str, Any]]) -> List[Dict[str, Any]]:
    """The last records of runs that never wrote their end, or could not be put right at it."""
    left: Dict[Any, Dict[str, Any]] = {}
    for record in records:
        if record.get("event") == "start" or record.get("unrecovered"):
            left[record.get("run")] = record
        elif record.get("event") == "end":
            left.pop(record.get("run"), None)
    return list(left.values())


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
    finally:
        os.close(descriptor)
