"""Stopping, resuming, and the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.bash import bash, is_bash
from tests.unit.made import config, cutover, state
from tests.unit.plans.reading import stage, step, text_of, titles, whole_text
from windlass.plans import emergency

WORKER = {"worker": {"script": "worker.js"}}
TO = cutover(release="0002-bbbbbbb", slot="blue", was="0002-bbbbbbb")


def test_a_stop_stops_every_process_of_both_slots_and_saves_that() -> None:
    plan = emergency.stop(config(processes=WORKER), "it's on fire")
    text = text_of(step(plan, "stop the processes"))
    for name in ("shop:blue", "shop:green"):
        assert f"pm2 -s stop {name} " in text
    assert titles(plan) == ["stop the processes", "save the process list", "see that nothing runs"]
    assert plan.record == {"stopped": True, "reason": "it's on fire"}


def test_a_stop_forgets_nothing_and_is_not_stopped_itself() -> None:
    plan = emergency.stop(config(), "")
    assert "pm2 -s delete" not in "".join(text_of(one) for one in plan.stages[0].steps)
    assert plan.stages[0].on_cancel == "finish"
    assert not any(one.interruptible for one in plan.stages[0].steps)
    assert is_bash(whole_text(plan))


def test_a_resume_opens_to_visitors_last_of_all_and_only_behind_the_gate() -> None:
    plan = emergency.resume(config(processes=WORKER), TO)
    order = titles(plan)
    wanted = [
        "start on blue",
        "healthy on port 3000",
        "start the other processes",
        "healthy through nginx",
        "open to visitors",
    ]
    places = [order.index(title) for title in wanted]
    assert places == sorted(places)
    assert text_of(step(plan, "open to visitors")) == "rm -f /srv/shop/run/stopped"
    assert is_bash(whole_text(plan))


def test_a_resume_is_no_cutover_and_takes_nothing_of_the_flag() -> None:
    plan = emergency.resume(config(), TO)
    assert not any(title.startswith("switch") for title in titles(plan))
    forward = "".join(text_of(one) for one in stage(plan, "start").steps + stage(plan, "open").steps)
    assert "run/green.off /srv/shop/run/green" not in forward
    assert plan.record["release"] == "0002-bbbbbbb"


def test_the_page_goes_up_and_comes_down_while_the_app_runs_on(tmp_path: Path) -> None:
    chosen = config(tmp_path)
    (tmp_path / "run").mkdir()
    on, off = (
        emergency.maintenance_on(chosen, "<p>it's $5 off</p>", "ana@laptop"),
        emergency.maintenance_off(chosen),
    )
    for _ in range(2):
        bash(text_of(on.stages[0].steps[0])).check()
        assert (tmp_path / "run/maintenance.html").read_text() == "<p>it's $5 off</p>\n"
        assert (tmp_path / "run/maintenance").read_text() == "ana@laptop\n"
    (tmp_path / "run/migrated").touch()
    for _ in range(2):
        bash(text_of(off.stages[0].steps[0])).check()
        assert [path.name for path in (tmp_path / "run").iterdir()] == ["maintenance.html"]
    assert "pm2" not in whole_text(on) + whole_text(off)


@pytest.mark.parametrize(("stopped", "said"), [(None, False), ("by ana", True), ("", True)])
def test_an_app_that_is_stopped_is_not_open_though_the_page_is_down(stopped: str | None, said: bool) -> None:
    assert bool(emergency.not_open(state(stopped=stopped))) is said
