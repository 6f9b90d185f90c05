"""Taking the lock over from a run: it ends as if cancelled and knows for whom, unless its step must not."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.local_agent import Conversation
from tests.support.processes import wait_until
from windlass.agent import lock
from windlass.errors import LockHeld, Refused
from windlass.plan import Plan, Stage, Step
from windlass.shell import Command


@pytest.fixture
def begin(root: Path) -> Iterator[Callable[..., Conversation]]:
    """Begins a visit and sends its opening; who expects "opened" waits for its lock."""
    begun: list[Conversation] = []

    def start(**options: Any) -> Conversation:
        begun.append(Conversation(root, **options))
        return begun[-1]

    yield start
    for conversation in begun:
        conversation.wire.close()
        conversation.wire.process.wait(30)


def rollback(begin: Callable[..., Conversation], **options: Any) -> Conversation:
    return begin(what="rollback", mode="take-over", **options)


def running(root: Path, conversation: Conversation, *steps: Step, **stage: Any) -> None:
    """Have the plan of a deploy run; its first step touches "on"."""
    conversation.open()
    recovery = (Step("recover", Command(f"touch {root}/recovered")),)
    plan = Plan("Deploy", (Stage("p", steps, **stage),), recovery, record={"release": "0001-abc1234"})
    conversation.visit.start(plan)
    conversation.visit.go("p")
    wait_until((root / "on").exists, 20, "not begun")


def sleeping(root: Path, title: str = "build", **options: Any) -> Step:
    return Step(title, Command(f"touch {root}/on; sleep 60"), **options)


def firm(root: Path) -> Step:
    """A migration that ends when "go" is there."""
    text = f"touch {root}/on; until [ -e {root}/go ]; do sleep 0.05; done; touch {root}/migrated"
    return Step("migrate", Command(text), interruptible=False)


def holder(root: Path) -> dict[str, Any]:
    return lock.holder(str(root / "lock"))


def say(root: Path, facts: dict[str, Any]) -> None:
    """Have the lock's file say this of its holder."""
    with (root / "lock").open("r+") as file:
        file.write(json.dumps(facts).ljust(2048))


def last_end(root: Path) -> dict[str, Any]:
    records = [json.loads(line) for line in (root / "ledger.jsonl").read_text().splitlines()]
    return next(record for record in reversed(records) if record["event"] == "end")


def test_a_run_ends_as_if_cancelled_and_says_who_took_over(
    root: Path, begin: Callable[..., Conversation]
) -> None:
    deploy = begin()
    running(root, deploy, sleeping(root))
    over = rollback(begin).open()
    end = deploy.visit.expect("end")
    assert end["outcome"] == "cancelled"
    assert end["failure"]["reason"].startswith("rollback by ")
    assert end["failure"]["reason"].endswith(" took the lock over")
    assert last_end(root)["reason"] == end["failure"]["reason"]
    assert (root / "recovered").exists()
    assert holder(root)["what"] == "rollback"
    assert any(message.get("text", "").startswith("taking over from deploy by") for message in over.told)
    assert not (root / "lock.wanted").exists()


def test_what_is_live_and_watched_is_left_to_whoever_took_over(
    root: Path, begin: Callable[..., Conversation]
) -> None:
    deploy = begin()
    running(root, deploy, sleeping(root, "watch"), on_cancel="keep")
    rollback(begin).open()
    end = deploy.visit.expect("end")
    assert (end["outcome"], end["kept"]) == ("cancelled", True)
    told = last_end(root)
    assert (told["outcome"], told["cut_short"]) == ("done", True), "visitors got it"
    assert told["reason"].endswith(" took the lock over")


def test_a_run_that_has_not_begun_is_told_why_it_does_not(
    root: Path, begin: Callable[..., Conversation]
) -> None:
    deploy = begin().open()
    rollback(begin).open()
    with pytest.raises(Refused, match=r"deploy was ended \(rollback by .* took the lock over\)"):
        deploy.visit.expect("answers")


def test_a_step_that_must_not_be_cut_short_is_named_and_goes_on(
    root: Path, begin: Callable[..., Conversation]
) -> None:
    deploy = begin()
    running(root, deploy, firm(root), Step("start", Command(f"touch {root}/started")))
    with pytest.raises(LockHeld, match=r"\(step: migrate\), and that step must not be cut short") as refused:
        rollback(begin, patience=0.3, wait=0.3).open()
    assert refused.value.holder["uninterruptible"]
    (root / "go").touch()
    assert deploy.visit.expect("end")["outcome"] == "done"
    assert (root / "started").exists()


def test_such_a_step_is_waited_for_and_the_run_ends_behind_it(
    root: Path, begin: Callable[..., Conversation]
) -> None:
    deploy = begin()
    running(root, deploy, firm(root), sleeping(root, "start"))
    with ThreadPoolExecutor() as pool:
        over = pool.submit(rollback(begin, patience=20).open)
        time.sleep(1)  # it looks, and sees the step
        (root / "go").touch()
        over.result()
    end = deploy.visit.expect("end")
    assert (end["outcome"], end["failure"]["title"]) == ("cancelled", "start")
    assert (root / "migrated").exists()


def test_a_run_that_enters_such_a_step_when_it_is_asked_ends_behind_it_and_is_not_killed_in_it(
    root: Path, begin: Callable[..., Conversation]
) -> None:
    deploy = begin()
    running(root, deploy, firm(root), Step("start", Command(f"touch {root}/started")))
    said = holder(root)
    say(root, {**said, "step": "build", "uninterruptible": False})
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(rollback(begin, wait=1).open)
        wait_until((root / "lock.wanted").exists, 10, "not asked")
        say(root, said)
        with pytest.raises(LockHeld, match="step: migrate"):
            asked.result()
    (root / "go").touch()
    assert deploy.visit.expect("end")["outcome"] == "cancelled"
    assert (root / "migrated").exists()
    assert not (root / "started").exists()


def test_a_run_that_does_not_end_is_killed_with_its_step(
    root: Path, begin: Callable[..., Conversation]
) -> None:
    deploy = begin()
    running(root, deploy, sleeping(root))
    os.kill(deploy.wire.process.pid, signal.SIGSTOP)
    over = rollback(begin, wait=0.5).open()
    assert "it did not end in time and is killed" in [message.get("text") for message in over.told]
    assert holder(root)["what"] == "rollback"


def test_what_a_dead_run_left_behind_does_not_hold_it_up_for_long(
    root: Path, begin: Callable[..., Conversation]
) -> None:
    deploy = begin()
    running(root, deploy, sleeping(root))
    deploy.wire.process.kill()
    began = time.monotonic()
    rollback(begin).open()
    assert time.monotonic() - began < 15


def test_a_migration_whose_agent_is_no_more_is_not_killed_either(
    root: Path, begin: Callable[..., Conversation]
) -> None:
    deploy = begin()
    running(root, deploy, firm(root))
    deploy.wire.process.kill()
    with pytest.raises(LockHeld, match="step: migrate"):
        rollback(begin, patience=0.2).open()
    (root / "go").touch()
    wait_until((root / "migrated").exists, 10, "the migration did not end")


def test_a_command_that_is_spared_goes_on(root: Path, begin: Callable[..., Conversation]) -> None:
    other = begin(what="rollback")
    running(
        root, other, Step("start", Command(f"touch {root}/on; until [ -e {root}/go ]; do sleep 0.05; done"))
    )
    with pytest.raises(LockHeld, match="rollback by"):
        rollback(begin, spares=("rollback",)).open()
    (root / "go").touch()
    assert other.visit.expect("end")["outcome"] == "done"


def test_a_lock_that_is_free_is_simply_taken(root: Path, begin: Callable[..., Conversation]) -> None:
    assert rollback(begin).open().told == []
    assert holder(root)["what"] == "rollback"
