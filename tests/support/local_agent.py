"""The agent as a local process, spoken to over pipes as an SSH channel would."""

from __future__ import annotations

import os
import select
import subprocess
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from windlass.layout import Layout
from windlass.remote.opening import Entry, Opening
from windlass.remote.protocol import agent_command
from windlass.remote.visit import Visit


class LocalWire:
    """A shell on this machine in place of one behind SSH."""

    def __init__(self, environment: dict[str, str] | None = None, before: str = "") -> None:
        self.process = subprocess.Popen(
            ["bash", "-c", f"{before}{agent_command()}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
        )

    def send(self, data: bytes) -> None:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def receive(self, timeout: float) -> bytes | None:
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], timeout)[0]:
            return None
        return os.read(self.process.stdout.fileno(), 65536)

    def exit_status(self) -> int | None:
        return self.process.wait(10)

    def errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read().decode()

    def close(self) -> None:
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                with suppress(BrokenPipeError):  # what the agent did not read before its end
                    stream.close()


class Conversation:
    """A visit to a local agent that keeps every message it was told."""

    def __init__(
        self,
        root: Path,
        *,
        what: str = "deploy",
        mode: Literal["locked", "unlocked", "stop", "take-over"] = "locked",
        recovery: tuple[Any, ...] = (),
        **entry: Any,
    ) -> None:
        self.told: list[dict[str, Any]] = []
        self.wire = LocalWire()
        self.visit = Visit("here", self.wire, self.told.append)
        self.layout = Layout(PurePosixPath(root))
        self.opening = Opening(what, "prompthub", self.layout, entry=Entry(mode, **entry), recovery=recovery)

    def open(self) -> Conversation:
        self.opened = self.visit.open(self.opening)
        return self

    def titles(self, state: str) -> list[str]:
        return [m["title"] for m in self.told if m["ev"] == "stepend" and m["state"] == state]

    def output(self) -> list[str]:
        return [m["text"] for m in self.told if m["ev"] == "out"]
