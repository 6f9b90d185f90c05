"""Run programs as a user would, with bounded time and everything they print kept in files.

Output goes to files, not pipes, so that a daemon left behind by a command cannot hold its caller.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class Completed:
    """What a finished command printed, and how it ended (negative: minus the signal)."""

    command: str
    stdout: str
    stderr: str
    exit_code: int
    seconds: float

    @property
    def output(self) -> str:
        return self.stdout + self.stderr

    def check(self) -> Completed:
        """Return itself, or raise AssertionError with all that was printed."""
        if self.exit_code != 0:
            raise AssertionError(f"exit code {self.exit_code}: {self}")
        return self

    def __str__(self) -> str:
        return (
            f"{self.command}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}\n--- exit {self.exit_code}"
        )


class Running:
    """A started process whose output can be awaited; it is the leader of a session of its own."""

    def __init__(
        self,
        arguments: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stdin: str = "",
    ) -> None:
        self.command = shlex.join(map(str, arguments))
        self._started = time.monotonic()
        self._out = tempfile.TemporaryFile("w+b")  # noqa: SIM115
        self._err = tempfile.TemporaryFile("w+b")  # noqa: SIM115
        with tempfile.TemporaryFile("w+b") as given:
            given.write(stdin.encode())
            given.seek(0)
            self._process = subprocess.Popen(
                [str(argument) for argument in arguments],
                stdin=given,
                stdout=self._out,
                stderr=self._err,
                env=None if env is None else dict(env),
                cwd=cwd,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def stdout(self) -> str:
        return _content(self._out)

    @property
    def stderr(self) -> str:
        return _content(self._err)

    @property
    def output(self) -> str:
        return self.stdout + self.stderr

    def wait_for(self, text: str, timeout: float = 60) -> None:
        """Return once `text` was printed; AssertionError if the process ends or time is up before."""

        def printed() -> bool:
            ended = not self.alive
            if text in self.output:
                return True
            assert not ended, f"{text!r} was never printed: {self._so_far()}"
            return False

        wait_until(printed, timeout, lambda: f"{text!r} was not printed: {self._so_far()}")

    def wait(self, timeout: float = 120) -> Completed:
        """Return its result; past `timeout` seconds the whole session is killed and AssertionError raised."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            so_far = self._so_far()
            self.kill_group()
            raise AssertionError(f"not finished after {timeout} s: {so_far}") from None
        except BaseException:
            self.kill_group()
            raise
        seconds = time.monotonic() - self._started
        return Completed(self.command, self.stdout, self.stderr, code, seconds)

    def send(self, number: signal.Signals) -> None:
        """Signal the process alone; nothing if it has ended."""
        if self.alive:
            self._process.send_signal(number)

    def interrupt(self) -> None:
        """What Ctrl-C in a terminal does: SIGINT to the whole foreground group."""
        if self.alive:
            os.killpg(self.pid, signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL to the process alone, as the out-of-memory killer or `kill -9` would."""
        self.send(signal.SIGKILL)

    def kill_group(self) -> None:
        """SIGKILL to everything in its process group, and reap it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def _so_far(self) -> str:
        return f"{self.command}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


def run(
    arguments: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str = "",
    timeout: float = 120,
) -> Completed:
    """Run to the end; AssertionError past `timeout` seconds. The exit code is the caller's to judge."""
    return Running(arguments, env=env, cwd=cwd, stdin=stdin).wait(timeout)


def wait_until(
    condition: Callable[[], bool],
    timeout: float,
    message: str | Callable[[], str],
    interval: float = 0.02,
) -> None:
    """Poll `condition` until it is true; AssertionError with `message` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {timeout} s: {message if isinstance(message, str) else message()}")
        time.sleep(interval)


def _content(file: IO[bytes]) -> str:
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0).decode(errors="replace")
