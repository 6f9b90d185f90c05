"""The agent's side of the line: JSON messages, heartbeats, and a client that may stop reading or vanish."""

from __future__ import annotations

import collections
import json
import os
import selectors
import signal
import time
from typing import Any, Callable, Deque, Dict, List, Optional

MARK = "WINDLASS-AGENT 1"
"""The line before the first message; whatever a shell's start-up file printed comes before it."""

LONGEST_MESSAGE = 32 * 1024 * 1024
"""Bytes of a line that either side takes: more would be kept until the other side ends it, if it ever does."""

OUTPUT_BACKLOG = 256 * 1024
"""Bytes that may wait for a slow client; past that, step output is dropped (the log has it), events never."""

OUTPUT_LINES = 2000
"""Lines of step output a second that the client gets: nobody reads more, and each is work on both sides."""


class TooLong(Exception):
    """A line that is longer than any message; nothing of it is kept."""


class Lines:
    """Received bytes, cut at their line breaks."""

    def __init__(self, longest: int = LONGEST_MESSAGE) -> None:
        self._longest = longest
        self._parts: List[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> List[bytes]:
        """The lines that the chunk completes. Raises TooLong."""
        first, *rest = chunk.split(b"\n")
        self._parts.append(first)
        self._size += len(first)
        if self._size > self._longest:
            self._parts, self._size = [], 0
            raise TooLong(f"a line of more than {self._longest} bytes came, which is no message")
        if not rest:
            return []
        lines = [b"".join(self._parts), *rest[:-1]]
        self._parts, self._size = [rest[-1]], len(rest[-1])
        return lines


class Channel:
    """Reads messages from one descriptor, writes them to another, and never blocks on either.

    `cancelled` is why a running plan must not go on, and `told` whether the client said so itself; `enough` is why
    a watch need not go on.
    """

    def __init__(
        self, reader: int = 0, writer: int = 1, *, beat: float = 3.0, patience: float = 60.0
    ) -> None:
        self.inbox: Deque[Dict[str, Any]] = collections.deque()
        self.cancelled = self.enough = ""
        self.called_back = self.told = False
        self._reader, self._writer = reader, writer
        self._beat, self._patience = beat, patience
        self._incoming = Lines()
        self._outgoing = bytearray()
        self._dropped = self._lines = 0
        self._lines_since = 0.0
        self._open_in = self._open_out = True
        self._last_heard = self._last_beat = time.monotonic()
        self._watched: Dict[int, Callable[[], None]] = {}
        self._wake_reader, self._wake_writer = os.pipe()
        for descriptor in (reader, writer, self._wake_reader, self._wake_writer):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)

    @property
    def backlog(self) -> int:
        """Bytes that the client has not read yet."""
        return len(self._outgoing)

    def set_times(self, beat: float, patience: float) -> None:
        """Seconds between heartbeats sent, and of silence after which the client counts as gone."""
        self._beat, self._patience = beat, patience

    def greet(self) -> None:
        """Write the mark that ends whatever the login shell printed."""
        self._outgoing += f"\n{MARK}\n".encode()
        self._flush()

    def send(self, event: str, **fields: Any) -> None:
        """Queue one message; flushed as far as the client reads."""
        if event == "out" and (len(self._outgoing) > OUTPUT_BACKLOG or not self._in_budget()):
            self._dropped += 1
            return
        if self._dropped and (event != "out" or len(self._outgoing) < OUTPUT_BACKLOG // 2):
            dropped, self._dropped = self._dropped, 0
            self._queue("out", text=f"… {dropped} lines not shown (the log has them)")
        self._queue(event, **fields)

    def _in_budget(self) -> bool:
        """Whether another line of output may go out in this second."""
        now = time.monotonic()
        if now - self._lines_since >= 1.0:
            self._lines_since, self._lines = now, 0
        self._lines += 1
        return self._lines <= OUTPUT_LINES

    def _queue(self, event: str, **fields: Any) -> None:
        if self._open_out:
            self._outgoing += json.dumps({"ev": event, **fields}).encode() + b"\n"
            self._flush()

    def watch(self, descriptor: int, ready: Callable[[], None]) -> None:
        """Have `pump` call `ready` when the descriptor can be read."""
        self._watched[descriptor] = ready

    def unwatch(self, descriptor: int) -> None:
        self._watched.pop(descriptor, None)

    def cancel(self, reason: str) -> None:
        """Note the first reason why a running plan must not go on."""
        self.cancelled = self.cancelled or reason

    def call_back(self, reason: str) -> None:
        """Cancel, and have undone even what a cancelled plan would keep."""
        self.called_back = True
        self.cancel(reason)

    def receive(self, *operations: str) -> Optional[Dict[str, Any]]:
        """The next message, waiting for it; None once the client has gone or the plan was cancelled.

        With `operations`, only those are taken, whatever else waits stays for later.
        """
        while True:
            for message in list(self.inbox):
                if not operations or message.get("op") in operations:
                    self.inbox.remove(message)
                    return message
            if self.cancelled or not self._open_in:
                return None
            self.pump(1.0)

    def pump(self, timeout: float) -> None:
        """Move what can be moved for at most `timeout` seconds, or until something was."""
        selector = selectors.DefaultSelector()
        with selector:
            selector.register(self._wake_reader, selectors.EVENT_READ, self._drain_wake)
            if self._open_in:
                selector.register(self._reader, selectors.EVENT_READ, self._read)
            if self._outgoing and self._open_out:
                selector.register(self._writer, selectors.EVENT_WRITE, self._flush)
            for descriptor, ready in self._watched.items():
                selector.register(descriptor, selectors.EVENT_READ, ready)
            for key, _ in selector.select(max(0.0, min(timeout, self._beat))):
                key.data()
        self._keep_time()

    def drain(self, seconds: float) -> None:
        """Give the client up to so many seconds to read what is still queued."""
        deadline = time.monotonic() + seconds
        while self._outgoing and self._open_out and time.monotonic() < deadline:
            self.pump(0.1)

    def _keep_time(self) -> None:
        now = time.monotonic()
        if self._open_out and now - self._last_beat >= self._beat:
            self._last_beat = now
            if not self._outgoing:
                self.send("beat")
        if self._open_in and now - self._last_heard > self._patience:
            self._open_in = False
            self.cancel(f"the operator's machine was silent for {self._patience:.0f} s")

    def _drain_wake(self) -> None:
        try:
            while os.read(self._wake_reader, 4096):
                pass
        except BlockingIOError:
            pass

    def _read(self) -> None:
        try:
            chunk = os.read(self._reader, 65536)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._open_in = False
            self.cancel("the connection to the operator ended")
            return
        self._last_heard = time.monotonic()
        try:
            lines = self._incoming.feed(chunk)
        except TooLong as error:
            self._open_in = False
            self.cancel(str(error))
            return
        for message in decoded(lines):
            if message.get("op") == "cancel":
                self.told = True
                self.cancel(str(message.get("reason", "cancelled")))
            elif message.get("op") == "enough":
                self.enough = str(message.get("reason", "enough"))
            elif message.get("op") == "back":
                self.call_back(str(message.get("reason", "called back")))
            elif message.get("op") != "beat":
                self.inbox.append(message)

    def _flush(self) -> None:
        try:
            while self._outgoing:
                written = os.write(self._writer, self._outgoing[:65536])
                del self._outgoing[:written]
        except BlockingIOError:
            pass
        except OSError:
            self._open_out = False
            self._outgoing.clear()


def decoded(lines: List[bytes]) -> List[Dict[str, Any]]:
    """The JSON objects among the lines; anything else is not from our client and is left out."""
    messages = []
    for line in lines:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(message, dict):
            messages.append(message)
    return messages
