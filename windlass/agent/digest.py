"""The digest beside the ledger, and the ledger's rotation behind it.

`ledger/digest.json` says what the ledger's files come to up to a place in one of them; `ledger/000001.jsonl` and so
on are those that were rotated. The number of the file that is written is one more than the highest of theirs, so
that the one rename that rotates it also tells that it was: a digest is right whenever it was written, and one that
is lost is made anew from the files.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any, BinaryIO, Dict

from .ledger import opened, record_of, sync_folder
from .live import standing
from .past import add, blank, pruned

LARGEST = 128 * 1024
"""Bytes of the ledger from which it is rotated."""

_FORM, _MARK = 1, 64
_ROTATED = re.compile(r"([0-9]{6,9})\.jsonl")


def past(path: str) -> Dict[str, Any]:
    """What all that the ledger ever held comes to; reads the digest, and what was written since."""
    while True:
        number = number_of(path)
        found: Dict[str, Any] = _read(path, number)["past"]
        if number_of(path) == number:  # else it was rotated meanwhile
            return found


def rotate(paths: Dict[str, Any]) -> None:
    """Digest and rotate a ledger that has become large; the app's lock must be held. Raises OSError."""
    path = paths["ledger"]
    if not os.path.exists(path) or os.stat(path).st_size < LARGEST:
        return
    number = number_of(path)
    found = _read(path, number)
    found["past"] = pruned(found["past"], standing(paths))
    os.makedirs(_folder(path), mode=0o755, exist_ok=True)
    _write(os.path.join(_folder(path), "digest.json"), json.dumps(found, ensure_ascii=False).encode())
    os.rename(path, rotated(path, number))
    sync_folder(_folder(path))
    sync_folder(os.path.dirname(path))


def number_of(path: str) -> int:
    """The number of the file that is written: one more than the highest of those that were rotated."""
    try:
        names = os.listdir(_folder(path))
    except OSError:
        return 1
    return 1 + max((int(found[1]) for found in map(_ROTATED.fullmatch, names) if found), default=0)


def rotated(path: str, number: int) -> str:
    """Where the ledger's file of that number is once it was rotated."""
    return os.path.join(_folder(path), f"{number:06d}.jsonl")


def _folder(path: str) -> str:
    return os.path.splitext(path)[0]


def _read(path: str, number: int) -> Dict[str, Any]:
    """The digest, brought up to the end of the file that is written, which has this number."""
    found = _digest(path)
    first = min(found["number"], number)
    for place in range(first, number + 1):
        if place > first:
            found["end"] = 0
        _fold(found, path if place == number else rotated(path, place))
    found["number"] = number
    return found


def _digest(path: str) -> Dict[str, Any]:
    try:
        with open(os.path.join(_folder(path), "digest.json"), "rb") as file:
            found = json.load(file)
    except (OSError, ValueError):
        found = {}
    if isinstance(found, dict) and found.get("form") == _FORM:
        return found
    return {"form": _FORM, "number": 1, "end": 0, "mark": "", "past": blank()}


def _fold(found: Dict[str, Any], path: str) -> None:
    """Bring the digest from its place in a file to the end of what is whole there; `mark` is what is before it."""
    file = opened(path)
    if file is None:
        return
    with file:
        if _before(file, found["end"]) != found["mark"]:
            found["end"] = 0  # another file is there by now
        file.seek(found["end"])
        for line in file:
            if not line.endswith(b"\n"):
                break
            found["end"] += len(line)
            record = record_of(line)
            if record is not None:
                add(found["past"], record)
        found["mark"] = _before(file, found["end"])


def _before(file: BinaryIO, place: int) -> str:
    """The last bytes before a place of a file."""
    begin = max(0, place - _MARK)
    file.seek(begin)
    return file.read(place - begin).hex()


def _write(path: str, content: bytes) -> None:
    """Whole and on the disk, or as it was."""
    incoming = f"{path}.next"
    with open(incoming, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.rename(incoming, path)
    sync_folder(os.path.dirname(path))
