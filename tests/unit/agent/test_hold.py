"""What a run holds beside the app's lock: from a step on, to a stage that frees it or to the agent's end."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.local_agent import Conversation
from tests.support.processes import wait_until
from windlass.agent.hold import BY, HELD, NONE, UNSEEN
from windlass.plan import Plan, Stage, Step
from windlass.shell import Command

NOTHING_DONE = "nothing was migrated"


@pytest.fixture
def conversation(root: Path) -> Iterator[Conversation]:
    found = Conversation(root).open()
    yield found
    found.wire.close()
    found.wire.process.wait(30)


def holding(root: Path, words: str, then: str = "") -> Stage:
    """A stage that holds, by a process that says these words and stays until its input ends, and then says more."""
    text = f"echo $$ >{root}/holder\necho {words!r}\ncat >/dev/null\n{then}"
    return Stage("alone", (Step("hold", Command(text), holds=True, hint=NOTHING_DONE),))


def noting(root: Path, name: str, **options: Any) -> Stage:
    """A stage that notes whether the holder lives."""
    look = f'if kill -0 "$(cat {root}/holder)" 2>/dev/null; then echo {name} held; else echo {name} free; fi'
    return Stage(name, (Step(name, Command(look)),), **options)


def run(conversation: Conversation, *stages: Stage) -> dict[str, Any]:
    conversation.visit.start(Plan("Deploy", stages, record={"release": "0001-abc1234"}))
    for stage in stages:
        conversation.visit.go(stage.name)
    return conversation.visit.expect("end")


def lives(root: Path) -> bool:
    try:
        os.kill(int((root / "holder").read_text()), 0)
    except ProcessLookupError:
        return False
    return True


def test_it_is_held_from_its_step_to_the_stage_that_frees_it(root: Path, conversation: Conversation) -> None:
    held, free = noting(root, "cutover"), noting(root, "soak", frees=True)
    end = run(conversation, holding(root, HELD), held, free)
    assert end["outcome"] == "done"
    assert end["warnings"] == []
    assert conversation.output() == ["cutover held", "soak free"]


def test_it_is_held_while_what_was_done_is_undone(root: Path, conversation: Conversation) -> None:
    look = noting(root, "undone").steps
    failing = Stage("start", (Step("start", Command("exit 1")),), undo=look)
    assert run(conversation, holding(root, HELD), failing)["outcome"] == "failed"
    assert conversation.output() == ["undone held"]
    assert not lives(root)


def test_where_somebody_else_holds_it_that_one_is_named(root: Path, conversation: Conversation) -> None:
    end = run(conversation, holding(root, f"{BY}a-run on web2 (pid 7)"), noting(root, "migrate"))
    assert end["outcome"] == "failed"
    failure = end["failure"]
    assert failure["reason"] == "the database is being changed by a-run on web2 (pid 7)"
    assert failure["locked"]
    assert failure["hint"] == NOTHING_DONE
    assert conversation.output() == []
    assert not lives(root)


@pytest.mark.parametrize(("word", "warned"), [(UNSEEN, True), (NONE, False)])
def test_where_none_can_be_had_it_goes_on(
    root: Path, conversation: Conversation, word: str, warned: bool
) -> None:
    end = run(conversation, holding(root, word), noting(root, "migrate"))
    assert end["outcome"] == "done"
    assert [text for text in end["warnings"] if "could not be seen" in text] == end["warnings"]
    assert bool(end["warnings"]) is warned


def test_one_that_was_lost_meanwhile_is_told(root: Path, conversation: Conversation) -> None:
    end = run(conversation, holding(root, HELD, then=f"echo {UNSEEN!r}"), noting(root, "soak", frees=True))
    assert ["the database's lock was lost" in text for text in end["warnings"]] == [True]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_the_agent_however_that_ends(
    root: Path, conversation: Conversation, number: signal.Signals
) -> None:
    waiting = Stage("start", (Step("start", Command(f"touch {root}/there; exec sleep 60")),))
    stages = (holding(root, HELD), waiting)
    conversation.visit.start(Plan("Deploy", stages, record={"release": "0001-abc1234"}))
    for stage in stages:
        conversation.visit.go(stage.name)
    wait_until((root / "there").exists, 20, "the step was not begun")
    assert lives(root)
    os.kill(_agent(conversation), number)
    wait_until(lambda: not lives(root), 20, "it outlives the agent")


def _agent(conversation: Conversation) -> int:
    return conversation.wire.process.pid


def test_a_ctrl_c_while_it_waits_for_the_answer_ends_it(root: Path, conversation: Conversation) -> None:
    asked: Callable[[], bool] = (root / "holder").exists
    silent = Stage("alone", (Step("hold", Command(f"echo $$ >{root}/holder; cat"), holds=True),))
    conversation.visit.start(Plan("Deploy", (silent,), record={"release": "0001-abc1234"}))
    conversation.visit.go("alone")
    wait_until(asked, 20, "it was not asked")
    conversation.visit.send("cancel", reason="Ctrl-C")
    assert conversation.visit.expect("end")["outcome"] == "cancelled"
    assert not lives(root)
