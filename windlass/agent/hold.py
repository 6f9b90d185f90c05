"""What a run holds beside the app's lock: by a process that ends with the agent, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional

from . import env

if TYPE_CHECKING:
    from .session import Session

HELD, UNSEEN, NONE, BY = "windlass: held", "windlass: unseen", "windlass: none", "windlass: held by "
"""What the process says in a line of its own: it holds from now on; it cannot tell; there is nothing to hold; who
else does."""

END_SECONDS = 5.0
"""How long a process has to end once its input has ended."""


class Hold:
    """At most one such process; its standard input is open for as long as this agent lives and does not let go."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._process: Optional[subprocess.Popen[bytes]] = None

    def take(
        self, step: Dict[str, Any], variables: Dict[str, str], stop: Callable[[], str]
    ) -> Dict[str, Any]:
        """Start the step's command, which goes on; the result is there once it has said how things stand.

        "locked" in the result says that somebody else holds it.
        """
        started = time.monotonic()
        try:
            self._process = self._start(step["script"], variables)
        except OSError as error:
            return _result("failed", f"it could not be started: {error}", started, [])
        said: List[str] = []
        word = self._hear(said, started + step["timeout"], stop)
        if word == HELD:
            return _result("done", "", started, said)
        self.let_go([])
        if word == NONE:
            return _result("done", "", started, said)
        if word.startswith(BY):
            reason = f"the database is being changed by {word[len(BY) :]}"
            return {**_result("failed", reason, started, said), "locked": True}
        if word != UNSEEN and stop():
            return _result("cancelled", stop(), started, said)
        reason = "whether another host is changing the database could not be seen"
        return _result("warned", reason, started, said)

    def let_go(self, warnings: List[str]) -> None:
        """Have the process end; a warning where it finds only now that it had lost what it held."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(b"COMMIT;\n")
            process.stdin.close()
        except OSError:
            pass  # it has ended
        deadline = time.monotonic() + END_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            self._session.channel.pump(0.02)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        with process.stdout as output:
            os.set_blocking(output.fileno(), False)
            lost = UNSEEN.encode() in (output.read() or b"").splitlines()
        if lost:
            warnings.append("the database's lock was lost: another host may have changed it meanwhile")

    def _start(self, script: str, variables: Dict[str, str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["bash", "-uo", "pipefail", "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**variables, "WINDLASS_RUN": self._session.run_id},
            cwd="/",
            start_new_session=True,
        )

    def _hear(self, said: List[str], deadline: float, stop: Callable[[], str]) -> str:
        """The word that the process says; "" where it ended, or was too slow, or must not be waited for."""
        assert self._process is not None
        assert self._process.stdout is not None
        output, text, ended = self._process.stdout.fileno(), b"", False
        os.set_blocking(output, False)
        channel = self._session.channel

        def readable() -> None:
            nonlocal text, ended
            chunk = os.read(output, 65536)
            text, ended = text + chunk, not chunk

        channel.watch(output, readable)
        try:
            while not (ended or stop() or time.monotonic() > deadline):
                *lines, text = text.split(b"\n")
                for line in lines:
                    words = env.masked(line.decode("utf-8", "replace"), self._session.masks)
                    if words in (HELD, UNSEEN, NONE) or words.startswith(BY):
                        return words
                    said.append(words)
                    channel.send("out", text=words)
                channel.pump(0.5)
        finally:
            channel.unwatch(output)
        return ""


def _result(state: str, reason: str, started: float, said: List[str]) -> Dict[str, Any]:
    seconds = round(time.monotonic() - started, 3)
    return {"state": state, "reason": reason, "tail": said[-20:], "seconds": seconds, "log": ""}
