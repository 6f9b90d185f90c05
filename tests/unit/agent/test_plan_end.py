"""What is true by the time that the client hears of a plan's end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from windlass.agent import lock
from windlass.agent.channel import Channel
from windlass.agent.gates import GATES
from windlass.agent.plan import PlanRun
from windlass.agent.session import Session
from windlass.layout import Layout
from windlass.plan import Gate, Plan, Stage, Step
from windlass.remote.opening import Opening
from windlass.remote.protocol import plan_fields
from windlass.shell import NOTHING


class Witness(Channel):
    """Notes whether the lock is held whenever the client is told something."""

    def __init__(self, path: Path, reader: int | None = None) -> None:
        reader = os.open(os.devnull, os.O_RDONLY) if reader is None else reader
        super().__init__(reader, os.open(os.devnull, os.O_WRONLY))
        self.path = path
        self.held: dict[str, bool] = {}
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def send(self, event: str, **fields: Any) -> None:
        self.held[event] = lock.is_held(str(self.path))
        self.sent.append((event, fields))
        super().send(event, **fields)


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Witness]:
    yield Witness(tmp_path / "lock")
    signal.set_wakeup_fd(-1)


def test_the_lock_is_free_when_the_client_hears_of_the_end(tmp_path: Path, channel: Witness) -> None:
    session = Session(channel, Opening("deploy", "shop", Layout(PurePosixPath(tmp_path))).fields())
    assert session.take_lock()
    channel.send("before")
    PlanRun(session, plan_fields(Plan("Deploy", (), record={"release": "0001-abc1234"}))).run()
    assert channel.held["before"]
    assert not channel.held["end"]


def test_what_a_gate_could_not_see_is_a_warning_of_the_run(
    tmp_path: Path, channel: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gate(arguments: dict[str, Any]) -> None:
        print("warning: the log is not there\nwatched")

    monkeypatch.setitem(GATES, "soak", gate)
    reader, writer = os.pipe()
    os.write(writer, b'{"op": "go", "stage": "soak"}\n')
    seeing = Witness(tmp_path / "lock", reader)
    session = Session(seeing, Opening("deploy", "shop", Layout(PurePosixPath(tmp_path))).fields())
    assert session.take_lock()
    step = Step("watch for 1 s", Gate("soak", {}, NOTHING))
    PlanRun(session, plan_fields(Plan("Deploy", (Stage("soak", (step,)),), record={"release": "1"}))).run()
    os.close(writer)
    ended, end = ([fields for event, fields in seeing.sent if event == name] for name in ("stepend", "end"))
    assert [(one["state"], one["reason"]) for one in ended] == [("warned", "the log is not there")]
    assert (end[0]["outcome"], end[0]["warnings"]) == ("done", ["watch for 1 s: the log is not there"])
