"""The one way to go live, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.bash import bash, is_bash
from tests.unit.made import config, cutover
from tests.unit.plans.reading import text_of
from windlass.layout import SLOTS, Slot, other
from windlass.manifest import manifest_of
from windlass.plan import Gate, Plan, Stage, Step
from windlass.plans import golive
from windlass.plans.cutover import Cutover

OLD, NEW = "0001-aaaaaaa", "0002-ccccccc"
WORKER = {"worker": {"script": "worker.js"}}


def to(slot: Slot = "green", *, was: str = OLD, **parts: Any) -> Cutover:
    return cutover(release=NEW, slot=slot, was=was, **parts)


def titled(stage: Stage, title: str) -> Step:
    (found,) = [step for step in stage.steps if step.title == title]
    return found


@pytest.mark.parametrize("slot", SLOTS)
def test_a_cutover_and_its_undo_are_one_rename_each(tmp_path: Path, slot: Slot) -> None:
    chosen = config(tmp_path)
    run = tmp_path / "run"
    run.mkdir()
    (run / ("green.off" if slot == "green" else "green")).touch()
    stage = golive.cutover(chosen, to(slot))
    for step, live in ((stage.steps[0], slot), (stage.undo[-1], other(slot)), (stage.undo[-1], other(slot))):
        bash(text_of(step)).check()
        assert (run / "green").exists() == (live == "green")
        assert len(list(run.iterdir())) == 1


def test_a_cutover_is_not_interrupted_and_asks_visitors_nginx_before_it_is_published() -> None:
    stage = golive.cutover(config(), to())
    assert [step.title for step in stage.steps] == ["switch to green", "healthy through nginx", "publish"]
    assert not any(step.interruptible for step in stage.steps)
    assert (stage.on_cancel, stage.ordered, stage.on_failure) == ("finish", True, "recover")
    gate = stage.steps[1].action
    assert isinstance(gate, Gate)
    assert gate.arguments["expected_upstreams"] == ["127.0.0.1:3001"]


def test_the_page_comes_down_only_after_visitors_would_be_answered_well() -> None:
    cutover, opened = golive.switched(config(), to(page_up=True))
    assert [step.title for step in cutover.steps] == ["switch to green", "healthy through nginx", "publish"]
    assert [step.title for step in opened.steps] == ["take the page down"]
    assert (opened.name, opened.on_cancel) == ("open", "finish")
    assert golive.switched(config(), to()) == (golive.cutover(config(), to()),)


def test_an_undo_first_sees_that_what_it_goes_back_to_runs() -> None:
    titles = [step.title for step in golive.cutover(config(), to()).undo]
    assert titles == ["see that blue runs", "see that blue listens", "switch back to blue"]
    gate = golive.cutover(config(), to()).undo[1].action
    assert isinstance(gate, Gate)
    assert (gate.arguments["port"], gate.arguments["cwd"]) == (3000, f"/srv/shop/releases/{OLD}")
    assert [step.title for step in golive.cutover(config(), to(was="")).undo] == ["switch back to blue"]


def test_before_a_start_whatever_was_on_the_slot_is_gone_and_both_slots_are_saved_after_it() -> None:
    stage = golive.start(config(processes=WORKER), to())
    ending, launch = stage.steps[0].action, text_of(stage.steps[1])
    assert isinstance(ending, Gate)
    assert (ending.name, ending.arguments) == ("end", {"slot": "green", "node": "/usr/bin"})
    order = [
        "rm -f /srv/shop/run/standby",
        "releases/0002-ccccccc",
        "green.config.js",
        "pm2 -s resurrect",
        "--only shop-green",
    ]
    places = [launch.index(word) for word in order]
    assert places == sorted(places)
    assert "shop-blue" not in launch
    assert [step.title for step in stage.steps] == [
        "end what runs on green",
        "start on green",
        "save the process list",
        "healthy on port 3001",
        "nginx reaches green",
        "start the other processes",
        "shop-green-worker stay up",
        "save the process list again",
    ]


def test_what_runs_alone_starts_after_the_cutover_once_its_like_has_ended() -> None:
    alone = config(processes={"clock": {"script": "clock.js", "exclusive": True}, **WORKER})
    swap = to(alone=("shop-green-clock",), ends=("shop-blue-clock",))
    before = "".join(text_of(step) for step in golive.start(alone, swap).steps)
    assert "--only shop-green-clock" not in before
    soak = golive.soak(alone, swap)
    assert [step.title for step in soak.steps][:3] == [
        "end shop-blue-clock",
        "start what runs alone",
        "shop-green-clock stay up",
    ]
    assert [step.title for step in soak.undo] == ["end shop-green-clock"]


def test_a_start_has_the_time_that_the_process_before_it_needs_to_end() -> None:
    slow = config(web={"kill_timeout": 900})
    assert golive.start(slow, to()).steps[0].timeout > 900
    assert titled(golive.finish(slow, to(), None), "stop blue").timeout > 900
    assert next(step for step in golive.recover(slow) if step.title == "agree on what runs").timeout > 900


def test_a_release_that_was_live_before_proves_itself_for_less_time() -> None:
    new, known = (golive.healthy(config(), to(known=known)).action for known in (False, True))
    assert isinstance(new, Gate)
    assert isinstance(known, Gate)
    assert known.arguments["min_healthy"] < new.arguments["min_healthy"]


def test_a_release_that_is_taken_back_answers_its_requests_first_and_shows_its_last_lines() -> None:
    titles = [step.title for step in golive.start(config(), to()).undo]
    assert titles == ["show the new release's last lines", "drain green", "remove the new release's process"]


def test_only_the_lines_of_this_start_are_shown(tmp_path: Path) -> None:
    logs = tmp_path / "logs/app"
    logs.mkdir(parents=True)
    mark = f"--- {NEW} starts on green\n"
    for name in ("shop-green.out", "shop-green.err", "shop-green-worker.err"):
        (logs / f"{name}.log").write_text(f"old {name}\n{mark}new {name}\n")
    show = golive.start(config(tmp_path, processes=WORKER), to()).undo[0]
    shown = bash(text_of(show)).check().stdout
    assert shown == f"{mark}new shop-green.out\n{mark}new shop-green.err\n{mark}new shop-green-worker.err\n"


def test_what_ends_a_slot_does_nothing_where_the_slot_is_empty(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    remove = golive.start(config(tmp_path), to()).undo[-1]
    assert bash(text_of(remove), env={"PATH": "/usr/bin:/bin"}).check().output == ""


def test_the_soak_watches_the_new_slot_and_a_cancel_keeps_what_is_live() -> None:
    stage = golive.soak(config(processes=WORKER, soak={"seconds": 12}), to())
    assert [step.title for step in stage.steps] == ["watch for 12 s"]
    watch = stage.steps[0].action
    assert isinstance(watch, Gate)
    assert list(watch.arguments["processes"]) == ["shop-green-worker"]
    assert stage.on_cancel == "keep"
    assert stage.on_failure == "recover"


def test_the_old_slot_drains_before_it_is_stopped() -> None:
    titles = [step.title for step in golive.finish(config(), to(), None).steps]
    assert titles == ["drain blue", "stop blue", "save the process list", "keep the assets in use"]


def test_a_failure_after_the_cutover_is_a_warning() -> None:
    stage = golive.finish(config(), to(), None)
    assert (stage.on_failure, stage.on_cancel) == ("warn", "keep")


@pytest.mark.parametrize(
    "tables", [{}, {"processes": WORKER}, {"web": {"standby": "warm"}}, {"app": {"directory": "apps/web"}}]
)
def test_recovery_is_text_that_bash_can_read(tables: dict[str, Any]) -> None:
    steps = golive.recover(config(**tables))
    assert [step.title for step in steps] == [
        "tidy up",
        "agree on what is live",
        "agree on what runs",
        "maintenance page",
    ]
    assert all(is_bash(text_of(step)) for step in steps)


def test_node_is_first_on_the_path_of_every_step() -> None:
    plan = Plan("Nothing", (), prologue=golive.prologue(cutover(node="/opt/it's/bin")))
    assert bash(f"{plan.prologue}\necho $PATH").check().stdout.startswith("/opt/it's/bin:")


def test_all_web_processes_start_and_what_is_left_ends_as_it_was_started() -> None:
    """Three come, and of what there is there are five, one of them beside."""
    ports = {"ports": [3000, 3100]}
    wanted = config(web={**ports, "instances": 3})
    before = config(web={**ports, "instances": 5, "standby": "warm"}, processes=WORKER)
    going = to(there=manifest_of(before, "blue", OLD, "a" * 40, "/usr/bin"), instances=3)
    start = text_of(titled(golive.start(wanted, going), "start on green"))
    assert "--only shop-green,shop-green_1,shop-green_2" in start
    (drain, *_) = golive.finish(wanted, going, None).steps
    assert isinstance(drain.action, Gate)
    assert drain.action.arguments["ports"] == [3000, 3001, 3002, 3003, 3004]
    listens = golive.cutover(wanted, going).undo[1].action
    assert isinstance(listens, Gate)
    assert [one["port"] for one in listens.arguments["instances"]] == [3000, 3001, 3002, 3003, 3004]
    kept = titled(golive.finish(before, going, None, standby=True), "keep blue as a warm standby").action
    assert isinstance(kept, Gate)
    assert kept.arguments["others"] == ["shop-blue-worker"]
