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
from windlass.agent.plan import PlanRun
from windlass.agent.session import Session
from windlass.layout import Layout
from windlass.plan import Plan
from windlass.remote.opening import Opening
from windlass.remote.protocol import plan_fields


class Witness(Channel):
    """Notes whether the lock is held whenever the client is told something."""

    def __init__(self, path: Path) -> None:
        super().__init__(os.open(os.devnull, os.O_RDONLY), os.open(os.devnull, os.O_WRONLY))
        self.path = path
        self.held: dict[str, bool] = {}

    def send(self, event: str, **fields: Any) -> None:
        self.held[event] = lock.is_held(str(self.path))
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
