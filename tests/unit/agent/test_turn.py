"""The client's word about a plan's next stage, and what may have come after it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from windlass.agent import turn
from windlass.agent.channel import Channel


@pytest.fixture
def channel() -> Iterator[Channel]:
    yield Channel(os.open(os.devnull, os.O_RDONLY), os.open(os.devnull, os.O_WRONLY))
    signal.set_wakeup_fd(-1)


@pytest.mark.parametrize(
    ("settles", "word", "then"),
    [
        (True, {"op": "go", "stage": "finish"}, turn.BEGIN),
        (False, {"op": "go", "stage": "finish"}, turn.CANCELLED),
        (True, {"op": "ready"}, turn.CANCELLED),
        (True, {"op": "go", "stage": "soak"}, turn.CANCELLED),
    ],
)
def test_of_all_words_that_to_settle_alone_holds_though_the_line_has_ended_since(
    channel: Channel, settles: bool, word: dict[str, Any], then: str
) -> None:
    channel.inbox.append(word)
    channel.cancel("the connection to the operator ended")
    assert turn.wait(channel, {"name": "finish", "settles": settles})["what"] == then


def test_a_word_for_another_stage_is_refused_with_both_names(channel: Channel) -> None:
    channel.inbox.append({"op": "go", "stage": "start"})
    assert turn.wait(channel, {"name": "cutover", "settles": False}) == {
        "what": turn.REFUSED,
        "reason": "the word was to begin start, and cutover comes next",
    }
