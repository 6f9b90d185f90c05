"""The agent as a process: locks, steps, stages, recovery, and a client that is not there any more."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.local_agent import Conversation
from windlass.agent.channel import OUTPUT_LINES
from windlass.agent.step import LOG_HEAD, LOG_TAIL
from windlass.errors import LockHeld, Refused
from windlass.facts import Question
from windlass.plan import Plan, Stage, Step
from windlass.shell import Command


@pytest.fixture
def converse(root: Path) -> Iterator[Callable[..., Conversation]]:
    open_ones: list[Conversation] = []

    def start(**options: Any) -> Conversation:
        open_ones.append(Conversation(root, **options))
        return open_ones[-1].open()

    yield start
    for conversation in open_ones:
        conversation.wire.close()
        conversation.wire.process.wait(30)


def step(title: str, text: str, **options: Any) -> Step:
    return Step(title, Command(text), **options)


def plan(*stages: Stage, recovery: tuple[Step, ...] = ()) -> Plan:
    return Plan("Deploy", stages, recovery=recovery, record={"release": "0001-abc1234"})


def ledger(root: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (root / "ledger.jsonl").read_text().splitlines()]


def run(conversation: Conversation, wanted: Plan) -> dict[str, Any]:
    conversation.visit.start(wanted)
    for stage in wanted.stages:
        conversation.visit.go(stage.name)
    return conversation.visit.expect("end")


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_steps_run_in_order_and_the_ledger_tells_it(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    conversation = converse()
    end = run(conversation, plan(Stage("prepare", (step("one", "echo 1"), step("two", "echo 2")))))
    assert end["outcome"] == "done"
    assert conversation.titles("done") == ["one", "two"]
    assert conversation.output() == ["1", "2"]
    assert [record["event"] for record in ledger(root)] == ["start", "end"]
    assert ledger(root)[-1]["outcome"] == "done"


def test_without_the_lock_nothing_of_the_app_is_changed(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    conversation = converse(mode="unlocked")
    with pytest.raises(Refused, match="prompthub was never deployed there; nothing was changed"):
        run(conversation, plan(Stage("prepare", (step("one", "echo 1"),))))
    assert conversation.output() == []
    assert not (root / "ledger.jsonl").exists()


def test_a_failed_step_ends_the_plan_undoes_its_stages_in_reverse_and_recovers(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    conversation = converse()
    end = run(
        conversation,
        plan(
            Stage("first", (step("fine", "true"),), undo=(step("undo first", "echo undo-1"),)),
            Stage("second", (step("bad", "echo why; exit 3"),), undo=(step("undo second", "echo undo-2"),)),
            Stage("third", (step("never", "echo never"),)),
            recovery=(step("recover", "echo recovered"),),
        ),
    )
    assert end["outcome"] == "failed"
    assert end["failure"]["title"] == "bad"
    assert end["failure"]["tail"] == ["why"]
    assert conversation.output() == ["why", "undo-2", "undo-1", "recovered"]
    assert ledger(root)[-1]["step"] == "bad"


def test_what_a_step_printed_is_told_where_it_failed_or_where_that_is_what_it_is_for(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    conversation = converse()
    noisy = "seq 30"
    show = step("show", noisy, show=True)
    run(conversation, plan(Stage("p", (step("good", noisy), show, step("bad", f"{noisy}; exit 1")))))
    tails = {told["title"]: told["tail"] for told in conversation.told if told["ev"] == "stepend"}
    last = [str(number) for number in range(11, 31)]
    assert tails == {"good": [], "show": last, "bad": last}


def test_a_lock_that_is_held_is_refused_at_once_and_says_who_holds_it(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    first = converse()
    first.visit.start(plan(Stage("prepare", (step("build", f"touch {root}/on; sleep 60"),))))
    first.visit.go("prepare")
    wait_until((root / "on").exists)
    with pytest.raises(LockHeld, match=r"deploy by .* holds the lock since .*\(step: build\)"):
        Conversation(root).open()


def test_a_client_that_vanishes_has_its_step_ended_and_recovery_run(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    conversation = converse()
    endless = step("build", f"touch {root}/on; sleep 300; touch {root}/finished")
    conversation.visit.start(
        plan(Stage("p", (endless,)), recovery=(step("recover", f"touch {root}/recovered"),))
    )
    conversation.visit.go("p")
    wait_until((root / "on").exists)
    conversation.wire.close()
    wait_until(lambda: (root / "ledger.jsonl").read_text().count('"end"') == 1)
    assert (root / "recovered").exists()
    assert not (root / "finished").exists()
    assert ledger(root)[-1]["outcome"] == "cancelled"


def test_a_step_that_must_not_be_interrupted_is_let_finish_before_recovery(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    conversation = converse()
    migrate = step("migrate", f"touch {root}/on; sleep 1; touch {root}/finished", interruptible=False)
    conversation.visit.start(plan(Stage("p", (migrate, step("next", f"touch {root}/next")))))
    conversation.visit.go("p")
    wait_until((root / "on").exists)
    conversation.visit.cancel("Ctrl-C")
    assert conversation.visit.expect("end")["outcome"] == "cancelled"
    assert (root / "finished").exists()
    assert not (root / "next").exists()


def test_a_killed_agent_keeps_the_lock_until_its_step_ends_and_the_next_one_recovers(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    first = converse()
    first.visit.start(
        plan(Stage("p", (step("build", f"touch {root}/on; while [ ! -e {root}/go ]; do sleep 0.05; done"),)))
    )
    first.visit.go("p")
    wait_until((root / "on").exists)
    first.wire.process.kill()
    with pytest.raises(LockHeld):
        Conversation(root).open()
    (root / "go").touch()

    def free() -> bool:
        try:
            second.append(Conversation(root, recovery=(step("recover", f"touch {root}/recovered"),)).open())
        except LockHeld:
            return False
        return True

    second: list[Conversation] = []
    wait_until(free)
    assert (root / "recovered").exists()
    assert ledger(root)[-1]["outcome"] == "interrupted"
    second[0].visit.close()


def test_what_a_step_leaves_behind_does_not_hold_the_lock(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    first = converse()
    daemon = f"setsid sleep 300 >/dev/null 2>&1 </dev/null & echo $! >{root}/pid"
    run(first, plan(Stage("p", (step("start", daemon),))))
    first.visit.close()
    pid = int((root / "pid").read_text())
    try:
        os.kill(pid, 0)
        converse()
    finally:
        os.kill(pid, signal.SIGKILL)


def test_a_client_that_does_not_read_blocks_nothing(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    conversation = converse()
    flood = step("build", f"head -c 20000000 /dev/zero | tr '\\0' 'x' | fold -w 100; touch {root}/finished")
    conversation.visit.start(plan(Stage("p", (flood,))))
    conversation.visit.go("p")
    wait_until((root / "finished").exists)
    wait_until(lambda: '"end"' in (root / "ledger.jsonl").read_text())
    assert conversation.visit.expect("end")["outcome"] == "done"


def test_secrets_are_masked_in_the_log_and_on_the_way(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    (root / "shared" / ".env").write_text("TOKEN='p@ss w$rd\"long'\n")
    conversation = converse()
    run(conversation, plan(Stage("p", (step("tell", 'printf "%s\\n" "$TOKEN"', environment=("shared",)),))))
    assert conversation.output() == ["********"]
    logs = [path.read_text() for path in (root / "logs").rglob("*") if path.is_file()]
    assert not any("p@ss" in text for text in logs)


def test_a_nice_step_gives_way_to_other_sessions_too(converse: Callable[..., Conversation]) -> None:
    groups = Path("/proc/sys/kernel/sched_autogroup_enabled")
    grouped = groups.exists() and groups.read_text().strip() == "1"
    ask = "nice; cat /proc/self/oom_score_adj"
    ask += "; cut -d ' ' -f 2- /proc/self/autogroup" if grouped else ""
    conversation = converse()
    steps = (step("as ever", ask), step("nice", ask, nice=True))
    assert run(conversation, plan(Stage("build", steps)))["outcome"] == "done"
    said = conversation.output()
    as_ever, nice = said[: len(said) // 2], said[len(said) // 2 :]
    assert nice == (["19", "800", "nice 19"] if grouped else ["19", "800"])
    assert as_ever[0] == "0"
    assert as_ever[1] != "800"
    assert as_ever[2:] == (["nice 0"] if grouped else [])


def test_a_step_past_its_time_out_is_ended_with_its_children(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    conversation = converse()
    child = f"sleep 300 & echo $! >{root}/pid; wait"
    end = run(conversation, plan(Stage("p", (step("hang", child, timeout=0.5),))))
    assert end["failure"]["state"] == "timed-out"
    pid = int((root / "pid").read_text())
    wait_until(
        lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]
    )


def test_a_step_that_prints_without_end_is_ended_when_its_time_is_over(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    conversation = converse()
    end = run(conversation, plan(Stage("p", (step("flood", "echo first; exec yes", timeout=1.5),))))
    assert end["failure"]["state"] == "timed-out"
    assert 1.5 <= end["failure"]["seconds"] < 5
    (log,) = (root / "logs").rglob("*-flood.log")
    assert log.stat().st_size < LOG_HEAD + LOG_TAIL + 100
    assert log.read_text().startswith("first\ny\n")
    shown = conversation.output()
    assert shown[0] == "first"
    assert len(shown) < 6 * OUTPUT_LINES


def test_a_step_that_prints_without_end_obeys_a_cancel(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    conversation = converse()
    conversation.visit.start(plan(Stage("p", (step("flood", f"touch {root}/on; exec yes"),))))
    conversation.visit.go("p")
    wait_until((root / "on").exists)
    began = time.monotonic()
    conversation.visit.cancel("Ctrl-C")
    assert conversation.visit.expect("end")["outcome"] == "cancelled"
    assert time.monotonic() - began < 5


def test_a_log_keeps_the_beginning_and_the_end_of_what_is_too_long_for_it(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    conversation = converse()
    flood = f"echo first; head -c {LOG_HEAD + 3 * LOG_TAIL} /dev/zero | tr '\\0' x | fold -w 1000; echo; echo last"
    assert run(conversation, plan(Stage("p", (step("flood", flood),))))["outcome"] == "done"
    (log,) = (root / "logs").rglob("*-flood.log")
    lines = log.read_text().splitlines()
    assert (lines[0], lines[-1]) == ("first", "last")
    assert log.stat().st_size < LOG_HEAD + LOG_TAIL + 100
    (left_out,) = [int(line.split()[1]) for line in lines if line.startswith("... ")]
    assert len(lines) - 1 + left_out == 2 + -(-(LOG_HEAD + 3 * LOG_TAIL) // 1000)


def test_a_cancel_in_a_stage_that_keeps_is_done_and_recovers_without_undoing(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    conversation = converse()
    stages = (
        Stage(
            "cutover",
            (step("flip", "true"),),
            undo=(step("undo", f"touch {root}/undone"),),
            on_cancel="finish",
        ),
        Stage("soak", (step("watch", f"touch {root}/on; sleep 60"),), on_cancel="keep"),
    )
    conversation.visit.start(plan(*stages, recovery=(step("recover", f"touch {root}/recovered"),)))
    conversation.visit.go("cutover")
    conversation.visit.go("soak")
    wait_until((root / "on").exists)
    conversation.visit.cancel("Ctrl-C")
    end = conversation.visit.expect("end")
    assert (end["outcome"], end["kept"]) == ("done", True)
    assert (root / "recovered").exists()
    assert not (root / "undone").exists()


def test_questions_are_answered_together_and_a_slow_one_is_given_up(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    conversation = converse(mode="unlocked")

    def raw(answer: Any) -> tuple[str, int]:
        return answer.out, answer.code

    answers = conversation.visit.ask(
        Question("quick", Command("echo yes"), raw),
        Question("wrong", Command("exit 4"), raw),
        Question("slow", Command("sleep 60"), raw, timeout=0.3),
    )
    assert answers == {"quick": ("yes\n", 0), "wrong": ("", 4), "slow": ("", 124)}


def test_a_torn_last_line_of_the_ledger_is_closed_and_left_out(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    (root / "ledger.jsonl").write_text('{"event": "end", "run": "x"}\n{"event": "sta')
    run(converse(), plan(Stage("p", (step("one", "true"),))))
    lines = (root / "ledger.jsonl").read_text().splitlines()
    assert lines[1] == '{"event": "sta'
    assert json.loads(lines[2])["event"] == "start"


def going_live(root: Path) -> tuple[Stage, ...]:
    """Stages as a deploy has them: one that may be cancelled, one that is finished, one that is kept."""
    held = f"touch {root}/{{0}}; while [ ! -e {root}/{{0}}-go ]; do sleep 0.05; done"
    return (
        Stage("start", (step("save", held.format("save"), interruptible=False),)),
        Stage(
            "cutover",
            (step("flip", held.format("flip")),),
            undo=(step("flip back", f"touch {root}/undone"),),
            on_cancel="finish",
        ),
        Stage("soak", (step("watch", held.format("watch")),), on_cancel="keep"),
    )


def start_going_live(root: Path, conversation: Conversation) -> None:
    stages = going_live(root)
    conversation.visit.start(plan(*stages, recovery=(step("recover", f"touch {root}/recovered"),)))
    for stage in stages:
        conversation.visit.go(stage.name)
    wait_until((root / "save").exists)


def test_a_cancel_before_the_cutover_is_not_too_late(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    conversation = converse()
    start_going_live(root, conversation)
    conversation.visit.cancel("Ctrl-C")
    (root / "flip-go").touch()
    (root / "save-go").touch()
    end = conversation.visit.expect("end")
    assert (end["outcome"], end["failure"]["title"]) == ("cancelled", "cutover")
    assert not (root / "flip").exists()


def test_a_cancel_in_the_cutover_lets_it_finish_and_keeps_the_release(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    conversation = converse()
    start_going_live(root, conversation)
    (root / "save-go").touch()
    wait_until((root / "flip").exists)
    conversation.visit.cancel("Ctrl-C")
    (root / "flip-go").touch()
    end = conversation.visit.expect("end")
    assert (end["outcome"], end["kept"]) == ("done", True)
    assert not (root / "watch").exists()
    assert not (root / "undone").exists()


def test_a_plan_that_is_called_back_undoes_even_what_a_cancelled_one_keeps(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    conversation = converse()
    start_going_live(root, conversation)
    (root / "save-go").touch()
    (root / "flip-go").touch()
    wait_until((root / "watch").exists)
    conversation.visit.back("soak failed on another host")
    end = conversation.visit.expect("end")
    assert (end["outcome"], end["kept"]) == ("cancelled", False)
    assert end["failure"]["reason"] == "soak failed on another host"
    assert (root / "undone").exists()
    assert (root / "recovered").exists()


def test_an_undo_that_fails_ends_the_undoing_and_needs_a_person(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    conversation = converse()
    back = (step("see that the old one runs", "exit 1"), step("switch back", f"touch {root}/switched"))
    stages = (
        Stage("start", (step("start", "true"),), undo=(step("remove the new one", f"touch {root}/removed"),)),
        Stage("cutover", (step("flip", "true"),), undo=back),
        Stage("soak", (step("watch", "exit 2"),)),
    )
    end = run(conversation, plan(*stages, recovery=(step("recover", f"touch {root}/recovered"),)))
    assert end["outcome"] == "needs-person"
    assert end["trouble"] == ["see that the old one runs: exit code 1"]
    assert (root / "recovered").exists()
    assert not (root / "switched").exists()
    assert not (root / "removed").exists()


def test_stages_that_are_to_be_finished_are_one_to_a_cancel(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    conversation = converse()
    held = f"touch {root}/flip; while [ ! -e {root}/flip-go ]; do sleep 0.05; done"
    stages = (
        Stage("cutover", (step("flip", held),), undo=(step("undo", "true"),), on_cancel="finish"),
        Stage("open", (step("open", "true"),), on_cancel="finish"),
        Stage("soak", (step("watch", "sleep 60"),), on_cancel="keep"),
    )
    conversation.visit.start(plan(*stages))
    for stage in stages:
        conversation.visit.go(stage.name)
    wait_until((root / "flip").exists)
    conversation.visit.cancel("Ctrl-C")
    (root / "flip-go").touch()
    end = conversation.visit.expect("end")
    assert (end["kept"], end["done"]) == (True, ["flip", "open"])


def test_a_recovery_that_failed_is_tried_again_by_the_next_command(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    recovery = (step("recover", f"test -e {root}/room"),)
    conversation = converse(recovery=recovery)
    assert run(conversation, plan(Stage("p", (step("bad", "false"),)), recovery=recovery))["outcome"] == (
        "needs-person"
    )
    conversation.visit.close()
    still = converse(recovery=recovery)
    assert still.titles("failed") == ["recover"]
    still.visit.close()
    (root / "room").touch()
    after = converse(recovery=recovery)
    assert after.titles("done") == ["recover"]
    after.visit.close()
    assert converse(recovery=recovery).told == []


def test_a_run_that_died_is_recovered_from_though_the_ledger_does_not_know_it(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    first = converse()
    first.wire.process.kill()
    first.wire.process.wait()
    assert converse(recovery=(step("recover", "true"),)).titles("done") == ["recover"]


def test_an_agent_that_is_ended_while_the_app_is_stopped_says_who_stopped_it(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    conversation = converse()
    conversation.visit.start(plan(Stage("p", (step("build", f"touch {root}/on; sleep 60"),))))
    conversation.visit.go("p")
    wait_until((root / "on").exists)
    stopping = converse(mode="stop", what="emergency-stop")
    end = conversation.visit.expect("end")
    assert end["failure"]["reason"].startswith("emergency-stop by ")
    assert end["stopped"] == end["failure"]["reason"].removeprefix("emergency-stop ")
    stopping.visit.close()


def test_a_stage_that_only_warns_is_done_and_recovered_from(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    conversation = converse()
    stages = (
        Stage("cutover", (step("flip", "true"),), undo=(step("undo", f"touch {root}/undone"),)),
        Stage("finish", (step("stop the old one", "exit 5"),), on_failure="warn"),
    )
    end = run(conversation, plan(*stages, recovery=(step("recover", f"touch {root}/recovered"),)))
    assert (end["outcome"], end["failure"]["title"]) == ("done", "stop the old one")
    assert (root / "recovered").exists()
    assert not (root / "undone").exists()


def test_what_the_client_gives_is_for_steps_that_ask_for_it_and_is_masked_and_written_nowhere(
    root: Path, converse: Callable[..., Conversation]
) -> None:
    secret = "https://store.example/bucket/a?X-Amz-Signature=0cd50c01"
    conversation = converse()
    conversation.visit.send("give", variables={"UPLOAD_URL": secret})
    tell = 'echo "[${UPLOAD_URL:-none}]"'
    run(conversation, plan(Stage("p", (step("asks", tell, environment=("given",)), step("does not", tell)))))
    assert conversation.output() == ["[********]", "[none]"]
    written = [path.read_text() for path in root.rglob("*") if path.is_file()]
    assert not [text for text in written if secret in text]
