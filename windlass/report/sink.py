"""A stream that never fails its writer: a closed pipe or an odd character set must not end a deploy.

All that is drawn goes through here, but for a live tree, whose board is cleaned when an event comes in.
"""

from __future__ import annotations

import contextlib
import io
import os
import threading
from typing import TextIO

from windlass.clean import coloured


class Sink:
    """Writes whole texts from any thread; once the reader is gone, what follows is thrown away."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._lock = threading.Lock()
        self._gone = False
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")

    @property
    def terminal(self) -> bool:
        """Whether a person watches, on a terminal that can move its cursor."""
        with contextlib.suppress(ValueError):  # closed
            return self.stream.isatty() and os.environ.get("TERM") != "dumb"
        return False

    def write(self, text: str) -> None:
        """Write and flush, with no escape but colours.

        Other threads' texts come before or after, never in between.
        """
        with self._lock:
            if self._gone:
                return
            try:
                self.stream.write(coloured(text))
                self.stream.flush()
            except (OSError, ValueError):
                self.give_up()

    def give_up(self) -> None:
        """Write no more; what is buffered goes nowhere, or the interpreter's last flush would fail."""
        self._gone = True
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stream.fileno())
            os.close(nowhere)
