"""Reading the app's logs: their last lines, and what is added to them, across cutovers and rotations."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Callable, Dict, List

from . import env

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
    becomes live joins with all that it wrote since. A source with the slot "" is always shown.
    """
    wanted = Wanted(message["grep"], session.masks)
    sources = [Source(about) for about in message["sources"]]
    live = session.live()
    shown = [source for source in sources if source.slot in ("", live["slot"])]
    if message["follow"]:
        for source in sources:
            source.keep_unfinished()
    for source in sorted(shown, key=lambda source: source.modified):
        _show_last(session, source, message["lines"], wanted)
    if message["follow"]:
        _follow(session, live, sources, shown, wanted)
    session.channel.send("tailed")


def _show_last(session: Session, source: Source, count: int, wanted: Wanted) -> None:
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
    session: Session, before: Dict[str, Any], sources: List[Source], shown: List[Source], wanted: Wanted
) -> None:
    channel = session.channel
    while not channel.cancelled and not channel.inbox:
        live = session.live()
        if live != before:
            channel.send("switched", **live)
            before = live
        shown += [source for source in sources if source.slot == live["slot"] and source not in shown]
        busy = False
        for source in shown:
            lines = source.added(session.masks)
            busy = busy or bool(lines)
            _send(session, source, wanted.of(lines))
        channel.pump(0 if busy else POLL)


def _send(session: Session, source: Source, lines: List[str]) -> None:
    for line in lines:
        while session.channel.backlog > BACKLOG and not session.channel.cancelled:
            session.channel.pump(POLL)
        session.channel.send("line", label=source.label, slot=source.slot, text=line)
