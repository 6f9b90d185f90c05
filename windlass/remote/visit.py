"""One host, one channel, one agent: open it, ask it, have it run a plan."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Protocol

from windlass.agent.channel import TooLong
from windlass.errors import ConnectionFailed, ExitCode, NotReady, Refused, WindlassError
from windlass.plan import Plan
from windlass.question import Question
from windlass.remote.answers import parsed
from windlass.remote.opening import Opened, Opening
from windlass.remote.protocol import (
    AGENT_PATIENCE,
    BEAT,
    PATIENCE,
    Decoder,
    agent_sources,
    encode,
    plan_fields,
    question_fields,
)
from windlass.remote.refusals import locked_error, refused_error

PAUSE = 1.0
"""Seconds to wait for bytes at a time."""


class Wire(Protocol):
    """A running remote command: bytes in, bytes out."""

    def send(self, data: bytes) -> None: ...

    def receive(self, timeout: float) -> bytes | None:
        """Bytes; None where none came within `timeout` seconds; empty at the end."""

    def exit_status(self) -> int | None: ...

    def errors(self) -> str:
        """What the remote command wrote on standard error."""

    def close(self) -> None: ...


class Visit:
    """A conversation with one host's agent; `notice` gets every message that is not an answer."""

    def __init__(self, host: str, wire: Wire, notice: Callable[[dict[str, Any]], None]) -> None:
        self.host = host
        self._wire = wire
        self._notice = notice
        self._decoder = Decoder()
        self._waiting: list[dict[str, Any]] = []
        self._silent = 0.0
        self._user = ""
        self._over = threading.Event()
        self._gone = False
        self._beyond = self._settling = frozenset[str]()
        self._changes = self._may_cut_over = self._cut_over = self._done = self._goes_back = False
        self._live = ""
        self.plan_running = False

    def open(self, opening: Opening) -> Opened:
        """Start the agent and, for a locked command, take the lock.

        Raises LockHeld, Refused (another owner), NotReady (no python3), ConnectionFailed.
        """
        self._what = opening
        self._wire.send(agent_sources() + encode("open", **opening.fields()))
        # A thread of its own: what draws the events may wait for its reader, such as a pager.
        threading.Thread(target=self._beat, daemon=True).start()
        message = self.expect("opened")
        self._user = message["user"]
        return Opened(message["run"], message["user"], message["cloned"], message["live"])

    def ask(self, *questions: Question[Any]) -> dict[str, Any]:
        """Every question's parsed answer, by name, in one round trip."""
        self.send_questions(questions)
        return self.answers(questions)

    def send_questions(self, questions: Iterable[Question[Any]]) -> None:
        """Ask without waiting; `answers` takes the answers later."""
        self.send("ask", id=1, questions=question_fields(questions))

    def answers(self, questions: Iterable[Question[Any]]) -> dict[str, Any]:
        """The parsed answers to questions that were sent before."""
        answers = self.expect("answers")["answers"]
        return {
            question.name: parsed(self.host, question, answers.get(question.name)) for question in questions
        }

    def settle(self) -> None:
        """Make the app's folders and take the lock, on a server that sees the app for the first time."""
        self.send("settle")
        self.expect("settled")

    def start(self, plan: Plan, *, fleet: bool = False) -> None:
        """Hand the plan over; it waits for `go`. `fleet`: other hosts run theirs with it."""
        self.plan_running = True
        self._changes = bool(plan.record)
        self._beyond = frozenset(stage.name for stage in plan.stages if stage.on_cancel != "recover")
        self._settling = frozenset(stage.name for stage in plan.stages if stage.settles)
        self._goes_back = fleet
        self.send("plan", plan=plan_fields(plan, fleet=fleet))

    def go(self, stage: str) -> None:
        """Have the agent begin a stage, which must be the next one."""
        if stage in self._settling:
            self._goes_back = False
        self._may_cut_over = self._may_cut_over or stage in self._beyond
        self.send("go", stage=stage)

    def back(self, reason: str) -> None:
        """Have the agent end the running step, as far as it may, and undo all of the plan."""
        self.send("back", reason=reason)

    def cancel(self, reason: str) -> None:
        """Have the agent end the running step, as far as it may, and recover; a release that is live stays."""
        self._goes_back = False
        self.send("cancel", reason=reason)

    def send(self, op: str, **fields: Any) -> None:
        self._wire.send(encode(op, **fields))

    def expect(self, *events: str) -> dict[str, Any]:
        """The next message of one of these kinds; the others go to `notice`.

        Raises what the agent refused with, or ConnectionFailed.
        """
        while True:
            message = self.next()
            if message["ev"] in events:
                if message["ev"] == "end":
                    self.plan_running = False
                    self._done = self._changes
                return message
            if message["ev"] == "locked":
                raise locked_error(message["holder"], self.host)
            if message["ev"] == "refused":
                if message["why"] == "going-down":
                    raise self._lost(f"{self.host} is going down", then="after its boot it puts itself right")
                raise refused_error({"user": self._user, **message}, self.host, self._what)
            self._follow(message)
            self._notice(message)

    def next(self) -> dict[str, Any]:
        """The next message that is not a heartbeat. Raises ConnectionFailed at the end or after silence."""
        while not self._waiting:
            self._pump()
        return self._waiting.pop(0)

    def close(self) -> None:
        """Say goodbye, wait shortly for the lock to be given back, and close the channel.

        A plan that still runs is cancelled. After one that changed something there is nothing to wait for: the
        agent gives the lock back before it tells the end. A line that is gone is not waited for either.
        """
        self._over.set()
        if self._gone:
            self._wire.close()
            return
        try:
            if self.plan_running:
                self.cancel("the command ended before the plan did")
            self.send("bye")
            deadline = time.monotonic() + (0 if self._done else 5)
            while time.monotonic() < deadline and self._wire.receive(1.0) != b"":
                pass
        except (WindlassError, OSError):
            pass
        self._wire.close()

    def abandon(self) -> None:
        """Close without a goodbye; a running plan recovers by itself."""
        self._gone = True
        self._over.set()
        self._wire.close()

    def _pump(self) -> None:
        try:
            chunk = self._wire.receive(PAUSE)
        except ConnectionFailed as error:
            raise self._lost(error.message) from error
        if chunk is None:
            # By the pauses, not by the clock: a laptop that slept has to listen first.
            self._silent += PAUSE
            if self._silent >= PATIENCE:
                # The agent waits for longer, and goes on meanwhile as far as it was told to.
                self._cut_over = self._cut_over or self._may_cut_over
                raise self._lost(f"no sign of {self.host} for {PATIENCE:.0f} s")
            return
        if chunk == b"":
            raise self._ended()
        self._silent = 0.0
        try:
            messages = self._decoder.feed(chunk)
        except TooLong as error:
            raise self._lost(f"{self.host} is not to be understood: {error}") from error
        self._waiting += [message for message in messages if message["ev"] != "beat"]

    def _beat(self) -> None:
        with suppress(WindlassError, OSError, ValueError):  # a line that is gone is told by whoever receives
            while not self._over.wait(BEAT):
                self.send("beat")

    def _ended(self) -> WindlassError:
        status = self._wire.exit_status()
        errors = self._wire.errors().strip()
        if status == 127 or "python3: not found" in errors or "python3: command not found" in errors:
            return NotReady(
                f"{self.host}: python3 is not there, and Windlass's agent runs under it; nothing was touched",
                hint="apt-get install python3 (3.9 or later)",
            )
        if errors.startswith("sudo: "):
            return Refused(
                f"{self.host}: this needs root, and {errors.splitlines()[0]}; nothing was touched",
                hint="-H root@host, or a user who may use sudo without a password",
            )
        said = (
            errors.splitlines()[-1]
            if errors
            else self._decoder.chatter.decode("utf-8", "replace").strip()[-200:]
        )
        what = f"the agent on {self.host} ended" + (f": {said}" if said else "")
        return self._lost(what, then="the next command first puts right what it left")

    def _follow(self, message: dict[str, Any]) -> None:
        if message["ev"] == "step" and message["stage"] in self._beyond:
            self._cut_over = True
        elif message["ev"] == "live":
            self._live = message["release"]

    def _lost(self, what: str, *, then: str = "") -> WindlassError:
        """The error for a line that is gone; `then` is what puts the server right, "" for the agent itself."""
        self._gone = True
        status = f"fab status -H {self.host}"
        if not (self.plan_running and self._changes):
            return ConnectionFailed(f"{what}; nothing was changed", hint=f"try again: {status}")
        if then:
            hint = f"{status} shows what is live; then the same command again"
        else:
            then = f"the server finishes or undoes by itself what had begun, within {AGENT_PATIENCE:.0f} s"
            hint = f"{status} says how it ended; the next deploy just works"
        if self._live:
            stays = "it goes back from it, as the other hosts do" if self._goes_back else "stays live"
            then = f"{self._live} is live and {stays}; {then}"
        code = ExitCode.NEEDS_PERSON if self._cut_over else ExitCode.FAILED
        return ConnectionFailed(f"{what}; {then}", hint=hint, exit_code=code)
