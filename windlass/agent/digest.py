"""The digest beside the ledger, and the ledger's rotation behind it.

`ledger/digest.json` says what the ledger's files come to up to a place in one of them; `ledger/000001.jsonl` and so
on are those that were rotated, as many of the newest as are kept. The number of the file that is written is one more
than the highest of theirs, so that the one rename that rotates it also tells that it was: a digest is right whenever
it was written, and one that is lost is made anew from the files that are left.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from contextlib import suppress
from typing import Any, BinaryIO, Dict, List, Tuple

from .ledger import opened, record_of, sync_folder
from .live import standing
from .past import add, blank, pruned

LARGEST = 128 * 1024
"""Bytes of the ledger from which it is rotated."""

KEPT = 64
"""How many rotated files are kept, for `fab history` and for a digest that is lost."""

_FORM, _MARK = 1, 64
_ROTATED = re.compile(r"([0-9]{6,9})\.jsonl")


def past(path: str) -> Dict[str, Any]:
    """What all that the ledger ever held comes to; reads the digest, and what was written since."""
    found: Dict[str, Any] = _whole(path)[0]["past"]
    return found


def seen(paths: Dict[str, Any]) -> Dict[str, Any]:
    """The past as far as it is about releases that stand, for a look, which may hold no lock.

    Where there was much to read, the digest is written anew, if the app is this user's: nobody reads that twice.
    """
    found, read = _whole(paths["ledger"])
    known: Dict[str, Any] = pruned(found["past"], standing(paths))
    if read > LARGEST:
        with suppress(OSError):
            if os.stat(paths["root"]).st_uid == os.geteuid():
                _keep(paths["ledger"], {**found, "past": known})
    return known


def rotate(paths: Dict[str, Any]) -> None:
    """Digest and rotate a ledger that has become large; the app's lock must be held. Raises OSError."""
    path = paths["ledger"]
    if not os.path.exists(path) or os.stat(path).st_size < LARGEST:
        return
    number = number_of(path)
    found, _ = _read(path, number)
    found["past"] = pruned(found["past"], standing(paths))
    _keep(path, found)
    os.rename(path, rotated(path, number))
    sync_folder(_folder(path))
    sync_folder(os.path.dirname(path))
    _remove_old(path)


def number_of(path: str) -> int:
    """The number of the file that is written: one more than the highest of those that were rotated."""
    return 1 + max(numbers(path), default=0)


def numbers(path: str) -> List[int]:
    """The numbers of the rotated files that are kept, in order."""
    try:
        names = os.listdir(_folder(path))
    except OSError:
        return []
    return sorted(int(found[1]) for found in map(_ROTATED.fullmatch, names) if found)


def rotated(path: str, number: int) -> str:
    """Where the ledger's file of that number is once it was rotated."""
    return os.path.join(_folder(path), f"{number:06d}.jsonl")


def _folder(path: str) -> str:
    return os.path.splitext(path)[0]


def _remove_old(path: str) -> None:
    """Remove the rotated files that are too many, which the digest has, and what a killed look has left."""
    for number in numbers(path)[:-KEPT]:
        os.unlink(rotated(path, number))
    for entry in os.scandir(_folder(path)):
        if entry.name.endswith(".next") and time.time() - entry.stat().st_mtime > 3600:
            os.unlink(entry.path)


def _whole(path: str) -> Tuple[Dict[str, Any], int]:
    """The digest up to the end, and how many bytes were read for it."""
    while True:
        number = number_of(path)
        found, read = _read(path, number)
        if number_of(path) == number:  # else it was rotated meanwhile
            return found, read


def _read(path: str, number: int) -> Tuple[Dict[str, Any], int]:
    """The digest, brought up to the end of the file that is written, which has this number; the bytes read."""
    found, read = _digest(path), 0
    kept = [place for place in numbers(path) if place >= found["number"]]
    for place in [*kept, number]:
        if place > found["number"]:
            found["end"] = 0
        read += _fold(found, path if place == number else rotated(path, place))
        found["number"] = place
    return found, read


def _digest(path: str) -> Dict[str, Any]:
    try:
        with open(os.path.join(_folder(path), "digest.json"), "rb") as file:
            found = json.load(file)
    except (OSError, ValueError):
        found = {}
    if isinstance(found, dict) and found.get("form") == _FORM:
        return found
    return {"form": _FORM, "number": 1, "end": 0, "mark": "", "past": blank()}


def _fold(found: Dict[str, Any], path: str) -> int:
    """Bring the digest from its place in a file to the end of what is whole there; the bytes of that.

    `mark` is what is before that place.
    """
    file = opened(path)
    if file is None:
        return 0
    with file:
        if _before(file, found["end"]) != found["mark"]:
            found["end"] = 0  # another file is there by now
        begin: int = found["end"]
        file.seek(found["end"])
        for line in file:
            if not line.endswith(b"\n"):
                break
            found["end"] += len(line)
            record = record_of(line)
            if record is not None:
                add(found["past"], record)
        found["mark"] = _before(file, found["end"])
        end: int = found["end"]
    return end - begin


def _before(file: BinaryIO, place: int) -> str:
    """The last bytes before a place of a file."""
    begin = max(0, place - _MARK)
    file.seek(begin)
    return file.read(place - begin).hex()


def _keep(path: str, found: Dict[str, Any]) -> None:
    """Write the digest, whole and on the disk, or leave it as it was; several may do so at once."""
    folder = _folder(path)
    os.makedirs(folder, mode=0o755, exist_ok=True)
    descriptor, incoming = tempfile.mkstemp(".next", "digest.", folder)
    try:
        with open(descriptor, "wb") as file:
            file.write(json.dumps(found, ensure_ascii=False).encode())
            file.flush()
            os.fchmod(descriptor, 0o644)
            os.fsync(descriptor)
        os.rename(incoming, os.path.join(folder, "digest.json"))
    except OSError:
        os.unlink(incoming)
        raise
    sync_folder(folder)
