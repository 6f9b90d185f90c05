"""Reading the app's logs: their last lines, and what is added to them, across cutovers and rotations."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Tuple, Union

from . import env, journal
from .live import supervisor

if TYPE_CHECKING:
    from .session import Session

BACKLOG = 256 * 1024
"""Bytes that wait for a slow client before reading pauses; nothing is dropped."""

FURTHEST = 64 * 1024 * 1024
"""Bytes from its end that a file is searched."""

LONGEST_LINE = 16 * 1024
POLL = 0.25
BLOCK = 64 * 1024


class Source:
    """One log file: where reading stands, and what of its last line has come so far."""

    def __init__(self, about: Dict[str, Any]) -> None:
        self.path: str = about["path"]
        self.label: str = about["label"]
        self.slot: str = about["slot"]
        self.modified, self.problem = 0.0, ""
        self._partial = b""
        self._position, self._inode = 0, 0
        try:
            found = os.stat(self.path)
            self.modified, self._inode, self._position = found.st_mtime, found.st_ino, found.st_size
        except OSError as error:
            self.problem = error.strerror or str(error)

    def last(self, count: int, wanted: Wanted, breathe: Callable[[], None]) -> List[str]:
        """The last `count` wanted lines before the point where following begins. Raises OSError.

        `breathe` is called after every block, for a search may take a while.
        """
        found: List[str] = []
        with open(self.path, "rb") as file:
            end, rest = self._position - len(self._partial), b""
            while end > max(0, self._position - FURTHEST) and len(found) < count:
                start = max(0, end - BLOCK)
                file.seek(start)
                first, *lines = (file.read(end - start) + rest).split(b"\n")
                rest, end = first, start
                found = wanted.of(lines) + found
                breathe()
            if end == 0 and rest:
                found = wanted.of([rest]) + found
        return found[-count:]

    def keep_unfinished(self) -> None:
        """Leave the last line to `added` where its end is not written yet: a secret may be half written in it."""
        try:
            with open(self.path, "rb") as file:
                start = max(0, self._position - LONGEST_LINE)
                file.seek(start)
                self._partial = file.read(self._position - start).rpartition(b"\n")[2]
        except OSError:
            pass  # said by `last`

    def added(self, masks: List[str]) -> List[bytes]:
        """The whole lines added since; a file that was replaced or emptied is read from its beginning.

        Of a line without an end what may be shown of it, with the secrets of `masks` hidden.
        """
        try:
            with open(self.path, "rb") as file:
                found = os.fstat(file.fileno())
                if found.st_ino != self._inode or found.st_size < self._position:
                    self._inode, self._position, self._partial = found.st_ino, 0, b""
                file.seek(self._position)
                chunk = file.read(BLOCK)
        except OSError:
            return []
        self._position += len(chunk)
        *lines, self._partial = (self._partial + chunk).split(b"\n")
        if len(self._partial) > LONGEST_LINE:
            shown, self._partial = env.cut(self._partial, masks)
            lines.append(shown)
        return lines

    def close(self) -> None:
        """Nothing is held between two looks."""


Lines = Union[Source, journal.Journal]


class Wanted:
    """Which lines are shown: those that hold the text, whatever its case; secrets are masked before."""

    def __init__(self, text: str, masks: List[str]) -> None:
        self._text, self._masks = text.lower(), masks

    def of(self, lines: List[bytes]) -> List[str]:
        shown = (
            env.masked(line.decode("utf-8", "replace"), self._masks)[:LONGEST_LINE] for line in lines if line
        )
        return [line for line in shown if self._text in line.lower()]


def tail(session: Session, message: Dict[str, Any]) -> None:
    """Send the last `lines` of each source of the live slot as `line` events, then `tailed`.

    With `follow`, what is added is sent until the client says the next thing or goes away; a slot that
    becomes live joins with all that it wrote since. A source with the slot "" is always shown; one with a `supervisor`
    where that has started the slot.
    """
    wanted = Wanted(message["grep"], session.masks)
    sources = _opened(message["sources"])
    try:
        live = session.live()
        shown = [source for source, about in sources if _is_shown(session, about, live["slot"])]
        if message["follow"]:
            for source, _ in sources:
                source.keep_unfinished()
        for source in sorted(shown, key=lambda source: source.modified):
            _show_last(session, source, message["lines"], wanted)
        if message["follow"]:
            _follow(session, live, sources, shown, wanted)
    finally:
        for source, _ in sources:
            source.close()
    session.channel.send("tailed")


def _opened(sources: List[Dict[str, Any]]) -> List[Tuple[Lines, Dict[str, Any]]]:
    """Each source with what is said of it; where reading them stands is the same moment for all."""
    now = time.time()
    return [(journal.Journal(about, now) if "units" in about else Source(about), about) for about in sources]


def _is_shown(session: Session, about: Dict[str, Any], live: str) -> bool:
    if about["slot"] not in ("", live):
        return False
    return "supervisor" not in about or supervisor(session.paths, about["slot"]) == about["supervisor"]


def _show_last(session: Session, source: Lines, count: int, wanted: Wanted) -> None:
    problem, lines = source.problem, []
    if not problem:
        try:
            lines = source.last(count, wanted, lambda: session.channel.pump(0)) if count else []
        except OSError as error:
            problem = error.strerror or str(error)
    if problem:
        session.channel.send("unread", label=source.label, path=source.path, problem=problem)
    _send(session, source, lines)


def _follow(
    session: Session,
    before: Dict[str, Any],
    sources: List[Tuple[Lines, Dict[str, Any]]],
    shown: List[Lines],
    wanted: Wanted,
) -> None:
    channel = session.channel
    while not channel.cancelled and not channel.inbox:
        live = session.live()
        if live != before:
            channel.send("switched", **live)
            before = live
        shown += [
            source
            for source, about in sources
            if source not in shown and _is_shown(session, about, live["slot"])
        ]
        busy = False
        for source in shown:
            lines = source.added(session.masks)
            busy = busy or bool(lines)
            _send(session, source, wanted.of(lines))
        channel.pump(0 if busy else POLL)


def _send(session: Session, source: Lines, lines: List[str]) -> None:
    for line in lines:
        while session.channel.backlog > BACKLOG and not session.channel.cancelled:
            session.channel.pump(POLL)
        session.channel.send("line", label=source.label, slot=source.slot, text=line)
