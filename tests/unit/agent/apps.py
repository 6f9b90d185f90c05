"""Start small web apps on loopback ports, in release directories, with pid files as pm2 writes them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.ports import free_port
from tests.support.processes import wait_until
from windlass.agent import proc

PROGRAM = Path(__file__).with_name("app.py")


@dataclass
class App:
    """A started app; `arguments` are what a gate is told of it."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    pid_files: list[str]

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def arguments(self) -> dict[str, Any]:
        return {"port": self.port, "path": "/health", "cwd": str(self.folder), "pid_files": self.pid_files}

    def behave(self, **behaviour: Any) -> None:
        """Change the answers from now on."""
        incoming = self.folder / "behaviour.next"
        incoming.write_text(json.dumps(behaviour))
        incoming.rename(self.folder / "behaviour.json")

    def wait_until_listening(self) -> App:
        wait_until(lambda: bool(proc.listeners(self.port)), 10, f"nothing listens on {self.port}")
        return self

    def kill(self) -> None:
        """End the app and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Apps:
    """The apps of one test; all are ended with it."""

    def __init__(self, root: Path) -> None:
        self.run = root / "run"
        self._root = root
        self._started: list[App] = []
        self.run.mkdir()

    def start(self, *, release: str = "0001-abc1234", port: int = 0, number: int = 0, **options: Any) -> App:
        """One process, without anything that restarts it; `number` is pm2's."""
        app = self._start("serve", release, port or free_port(), options)
        (self.run / f"web-{number}.pid").write_text(str(app.pid))
        return app

    def supervise(self, *, release: str = "0001-abc1234", port: int = 0, **options: Any) -> App:
        """A process that is started again each time it ends."""
        options["pid_file"] = str(self.run / "web-0.pid")
        return self._start("supervise", release, port or free_port(), options)

    def stranger(self, port: int, **options: Any) -> App:
        """A process that nobody here started, in another folder and without a pid file."""
        return self._start("serve", "elsewhere", port, options).wait_until_listening()

    def folder(self, release: str) -> Path:
        found = self._root / "releases" / release
        found.mkdir(parents=True, exist_ok=True)
        return found

    def end(self) -> None:
        for app in self._started:
            app.kill()

    def _start(self, role: str, release: str, port: int, options: dict[str, Any]) -> App:
        folder = self.folder(release)
        words = [sys.executable, "-I", str(PROGRAM), role, json.dumps({**options, "port": port})]
        inside = folder / options.get("inside", ".")
        inside.mkdir(parents=True, exist_ok=True)
        process = subprocess.Popen(words, cwd=inside, stderr=subprocess.DEVNULL, start_new_session=True)
        app = App(process, port, folder, [f"{self.run}/web-[0-9]*.pid"])
        self._started.append(app)
        return app
