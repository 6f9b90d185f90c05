"""A program in a terminal: it sees a tty on all three streams, and keys can be typed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import shlex
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.processes import Completed, wait_until

CTRL_C = "\x03"


class Terminal:
    """A started program and its terminal; what it draws, control sequences too, is `output`."""

    def __init__(
        self,
        arguments: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        columns: int = 120,
        rows: int = 40,
        term: str = "xterm-256color",
    ) -> None:
        self.command = shlex.join(map(str, arguments))
        self._began = time.monotonic()
        self._master, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._process = subprocess.Popen(
            # setsid gives it the terminal as the controlling one, so that Ctrl-C is a signal.
            ["setsid", "--ctty", "--wait", *map(str, arguments)],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            env={**env, "TERM": term},
            cwd=cwd,
        )
        os.close(inner)
        self._drawn = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        return bytes(self._drawn).decode(errors="replace")

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def type(self, keys: str) -> None:
        """Press keys; CTRL_C is one, "\\r" is Enter."""
        os.write(self._master, keys.encode())

    def wait_for(self, text: str, timeout: float = 60) -> None:
        """Return once `text` was drawn; AssertionError if the program ends or time is up before."""
        wait_until(
            lambda: text in self.output or not self.alive, timeout, lambda: f"{text!r} not in {self.output}"
        )
        self._reader.join(0 if self.alive else 5)
        assert text in self.output, f"{text!r} was never drawn: {self.output}"

    def wait(self, timeout: float = 120) -> Completed:
        """Its result, all output as stdout; past `timeout` seconds it is killed and AssertionError raised."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"not finished after {timeout} s: {self.command}\n{self.output}") from None
        finally:
            self.close()
        return Completed(self.command, self.output, "", code, time.monotonic() - self._began)

    def close(self) -> None:
        """Hang up, as when the window is closed, and wait for the end; kill what does not go."""
        if self.alive:
            self._process.kill()
        self._process.wait()
        self._reader.join(5)
        if self._master >= 0:
            os.close(self._master)
            self._master = -1

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self._master, 65536):
                self._drawn += data
