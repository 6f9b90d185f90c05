"""The messages between the two sides: one JSON object a line, `op` from the client and `ev` from the agent."""

from __future__ import annotations

import base64
import json
import shlex
import zlib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from windlass.agent.channel import MARK, Lines, TooLong, decoded
from windlass.plan import Gate, Plan, Stage, Step
from windlass.question import Question

BEAT = 3.0
"""Seconds between the heartbeats of either side."""

PATIENCE = 15.0
"""Seconds of silence after which the client gives the connection up."""

AGENT_PATIENCE = 60.0
"""Seconds of silence after which the agent recovers by itself."""

MOST_CHATTER = 4 * 1024 * 1024
"""Bytes that a shell's start-up files may print before the agent greets."""

_PACKAGE = "windlass_agent"
_BOOTSTRAP = f"""
import importlib.abc, importlib.util, json, os, sys, zlib
def take(size):
    data = b""
    while len(data) < size:
        chunk = os.read(0, size - len(data))
        if not chunk:
            sys.exit(0)
        data += chunk
    return data
sources = json.loads(zlib.decompress(take(int(take(8)))))
class Sent(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        if name in sources:
            return importlib.util.spec_from_loader(name, self, is_package=name == "{_PACKAGE}")
    def exec_module(self, module):
        exec(compile(sources[module.__name__], module.__name__, "exec"), module.__dict__)
sys.meta_path.insert(0, Sent())
importlib.import_module("{_PACKAGE}.serve").main()
"""


def agent_command(python: str = "python3", *, as_root: bool = False) -> str:
    """The command that an SSH channel runs: a Python that reads the agent from its standard input.

    `as_root`: under sudo, which must not ask for a password, where whoever logged in is not root.
    """
    text = base64.b64encode(_BOOTSTRAP.strip().encode()).decode()
    sudo = '$(test "$(id -u)" = 0 || echo sudo -n) ' if as_root else ""
    return (
        f"exec {sudo}{shlex.quote(python)} -u -c \"import base64,importlib;exec(base64.b64decode('{text}'))\""
    )


@cache
def agent_sources() -> bytes:
    """The agent, packed: eight digits of length, then its modules' texts, compressed."""
    package = files("windlass.agent")
    sources = {
        f"{_PACKAGE}.{entry.name[:-3]}": entry.read_text()
        for entry in package.iterdir()
        if entry.name.endswith(".py")
    }
    sources[_PACKAGE] = sources.pop(f"{_PACKAGE}.__init__")
    packed = zlib.compress(json.dumps(sources).encode(), 9)
    return b"%08d" % len(packed) + packed


def encode(op: str, **fields: Any) -> bytes:
    """One message to the agent."""
    return json.dumps({"op": op, **fields}).encode() + b"\n"


class Decoder:
    """Turns received bytes into messages; whatever a shell's start-up file printed before the mark is kept apart."""

    def __init__(self) -> None:
        self.chatter = b""
        self._greeted = False
        self._lines = Lines()
        self._heard = 0

    def feed(self, chunk: bytes) -> list[dict[str, Any]]:
        """The messages that the chunk completes. Raises TooLong for what no agent sends."""
        lines = self._lines.feed(chunk)
        if not self._greeted:
            self._heard += len(chunk)
            if self._heard > MOST_CHATTER + len(chunk):
                raise TooLong(f"{MOST_CHATTER} bytes came, and no agent")
            mark = MARK.encode()
            if mark not in lines:
                self.chatter = (self.chatter + b"\n".join(lines))[-4000:]
                return []
            lines = lines[lines.index(mark) + 1 :]
            self._greeted = True
        return [message for message in decoded(lines) if isinstance(message.get("ev"), str)]


def question_fields(questions: Iterable[Question[Any]]) -> list[dict[str, Any]]:
    """The questions as the agent's `ask` takes them."""
    return [
        {
            "name": question.name,
            "script": question.command.text,
            "call": question.call,
            "arguments": question.arguments,
            "timeout": question.timeout,
            "environment": list(question.environment),
            "as_owner": question.as_owner,
        }
        for question in questions
    ]


def plan_fields(plan: Plan, *, fleet: bool = False) -> dict[str, Any]:
    """The plan as the agent's `plan` takes it; `record` is None where nothing goes into the ledger.

    `fleet`: other hosts run theirs with it, and until it is settled all go back if one does.
    """
    return {
        "fleet": fleet,
        "title": plan.title,
        "stages": [_stage(stage) for stage in plan.stages],
        "recovery": [step_fields(step) for step in plan.recovery],
        "prologue": plan.prologue.text,
        "record": plan.record or None,
    }


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "steps": [step_fields(step) for step in stage.steps],
        "undo": [step_fields(step) for step in stage.undo],
        "on_failure": stage.on_failure,
        "on_cancel": stage.on_cancel,
        "settles": stage.settles,
        "frees": stage.frees,
    }


def step_fields(step: Step) -> dict[str, Any]:
    """A step as the agent runs it: a script, or a gate by name with its arguments."""
    fields: dict[str, Any] = {
        "title": step.title,
        "timeout": step.timeout,
        "interruptible": step.interruptible,
        "environment": list(step.environment),
        "unchanged": step.unchanged,
        "tolerated": step.tolerated,
        "nice": step.nice,
        "hint": step.hint,
        "show": step.show,
        "holds": step.holds,
        "as_owner": step.as_owner,
    }
    if isinstance(step.action, Gate):
        return {**fields, "gate": step.action.name, "arguments": step.action.arguments}
    return {**fields, "script": step.action.text}
