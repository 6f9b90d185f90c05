"""The ledger's last runs, read from its end as far as they go."""

from __future__ import annotations

import os
from typing import Any, BinaryIO, Dict, Iterator, List, Set, Tuple

from .digest import number_of, numbers, rotated
from .ledger import opened, record_of

_BLOCK = 64 * 1024


def history(arguments: Dict[str, Any]) -> List[Dict[str, Any]]:
    """The records of the last `runs` runs, oldest first; a record that belongs to none counts as one."""
    wanted: int = arguments["runs"]
    found: List[Dict[str, Any]] = []
    begun: Set[str] = set()
    unbegun: Set[str] = set()
    alone = 0
    for record in _backwards(arguments["ledger"]):
        found.append(record)
        event, run = record.get("event"), record.get("run")
        if event not in ("start", "live", "end") or not isinstance(run, str):
            alone += 1
        elif event == "start":
            begun.add(run)
            unbegun.discard(run)
        elif run not in begun:
            unbegun.add(run)
        if len(begun) + alone >= wanted and not unbegun:
            break
    return found[::-1]


def _backwards(path: str) -> Iterator[Dict[str, Any]]:
    """Every record, the newest first, those of rotated files too."""
    file, number = _written(path)
    older = (rotated(path, place) for place in reversed(numbers(path)) if place < number)
    while True:
        if file is not None:
            with file:
                yield from filter(None, map(record_of, _lines(file)))
        following = next(older, None)
        if following is None:
            return
        file = opened(following)


def _written(path: str) -> Tuple[Any, int]:
    """The file that is written, None where there is none, and its number."""
    while True:
        number = number_of(path)
        file = opened(path)
        if number_of(path) == number:  # else it was rotated meanwhile
            return file, number


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """A file's lines, the last one first, read block by block."""
    position, rest = file.seek(0, os.SEEK_END), b""
    while position:
        size = min(_BLOCK, position)
        position = file.seek(position - size)
        rest, *lines = (file.read(size) + rest).split(b"\n")
        yield from reversed(lines)
    yield rest


CALLS = {"history": history}
