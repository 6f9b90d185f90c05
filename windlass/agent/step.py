"""One running step: its process group, what it prints, and a log of bounded size."""

from __future__ import annotations

import collections
import os
from typing import Callable, Deque, List, Optional

from . import env

TAIL_LINES = 20
LONGEST_LINE = 8192
READ_AT_ONCE = 65536
"""Bytes of a step's output that are looked at before anything else gets its turn: a pipe may hold so many."""

LOG_HEAD, LOG_TAIL = 8 * 1024 * 1024, 1024 * 1024
"""Bytes of a step's output that its log keeps, from its beginning and from its end."""


class StepLog:
    """A step's log of bounded size: its beginning is written at once, its end when it is closed."""

    def __init__(self, descriptor: Optional[int]) -> None:
        self._descriptor = descriptor
        self._room = LOG_HEAD
        self._late: Deque[bytes] = collections.deque()
        self._late_bytes = self._left_out = 0

    def add(self, line: bytes) -> None:
        """Keep a line; in the place of an earlier one where there is too much of it."""
        if len(line) <= self._room and not self._late:
            self._room -= len(line)
            self._write(line)
            return
        self._late.append(line)
        self._late_bytes += len(line)
        while self._late_bytes > LOG_TAIL:
            self._left_out += 1
            self._late_bytes -= len(self._late.popleft())

    def close(self) -> None:
        if self._left_out:
            self._write(b"... %d lines are left out here ...\n" % self._left_out)
        self._write(b"".join(self._late))
        if self._descriptor is not None:
            os.close(self._descriptor)

    def _write(self, text: bytes) -> None:
        if self._descriptor is None:
            return
        try:
            os.write(self._descriptor, text)
        except OSError:
            pass  # a full disk must not end the step; the operator still sees the line


class Step:
    """One running process group and its output."""

    def __init__(self, process: int, output: int, log: Optional[int], masks: List[str]) -> None:
        self.process = process
        self.tail: Deque[str] = collections.deque(maxlen=TAIL_LINES)
        self.status: Optional[int] = None
        self.output, self._log, self._masks = output, StepLog(log), masks
        self._partial = b""
        self._longest_mask = max((len(mask.encode()) for mask in masks), default=0)

    def read(self, show: Callable[[str], None]) -> bool:
        """Take some of what the step has printed, without waiting; False once nobody can print any more.

        Never all of it: who prints faster than it is read would keep its time-out and a Ctrl-C waiting.
        """
        try:
            chunk = os.read(self.output, READ_AT_ONCE)
        except BlockingIOError:
            return True
        if chunk:
            self._split(chunk, show)
        return bool(chunk)

    def finish(self, show: Callable[[str], None]) -> None:
        """Read what is left in the pipe, not waiting for whoever else may hold its other end."""
        self.read(show)
        if self._partial:
            self._take(self._partial, show)
        os.close(self.output)
        self._log.close()

    def poll(self) -> bool:
        """Whether the step has ended; its status is then known."""
        if self.status is None:
            pid, status = os.waitpid(self.process, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def signal(self, number: int) -> bool:
        """Signal the whole group; False once nobody is left in it."""
        try:
            os.killpg(self.process, number)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def _split(self, chunk: bytes, show: Callable[[str], None]) -> None:
        text = self._partial + chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, self._partial = text.split(b"\n")
        if len(self._partial) > LONGEST_LINE + self._longest_mask:
            lines.append(self._cut())
        for line in lines:
            self._take(line, show)

    def _cut(self) -> bytes:
        """Cut a line too long to be kept whole; what may be the beginning of a secret stays for the rest."""
        shown, self._partial = env.cut(self._partial, self._masks)
        return shown

    def _take(self, raw: bytes, show: Callable[[str], None]) -> None:
        line = env.masked(raw.decode("utf-8", "replace"), self._masks)
        self.tail.append(line)
        self._log.add(line.encode() + b"\n")
        show(line)
