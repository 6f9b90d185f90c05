"""An app that an earlier version of Windlass deployed is taken over by whichever command of this one comes first."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.load import Load
from tests.support.operator import Operator
from tests.vps import mishaps
from tests.vps.apps.frozen import TABLES, freeze
from tests.vps.apps.tiny import BUILDS_AT_ONCE, ROOT, Deployed, Shared

RATE = 30
LEFT = {"tiny-blue": "online", "tiny-blue-jobs": "online"}


@pytest.fixture
def app(bench: Shared, operator: Operator, tiny_commits: tuple[Path, dict[str, str]]) -> Deployed:
    """The host that these tests share, each time as that version left it."""
    found = Deployed(bench.host(), operator, tiny_commits[1])
    found.configure(**TABLES, build=BUILDS_AT_ONCE)
    freeze(found)
    assert found.pm2() == LEFT
    assert found.live() == "change"
    return found


def check_in_order(app: Deployed, slot: str) -> None:
    """One release runs, on that slot, with its other process, and no trace of the older version is left."""
    assert app.pm2() == {f"tiny-{slot}": "online", f"tiny-{slot}-jobs": "online"}
    assert app.saved() == [f"tiny-{slot}", f"tiny-{slot}-jobs"]
    assert app.vps.exists(f"{ROOT}/run/{slot}.json")
    running = app.vps.run("pgrep -fl '^node .*(server|worker).mjs' | wc -l").stdout.strip()
    assert running == "2", "something of the older version runs on"
    assert mishaps.holder(app) == {}


def test_by_a_look_that_changes_nothing(app: Deployed) -> None:
    looked = app.fab("status").check()
    assert "tiny-blue-jobs" in looked.output
    assert "fab nginx.install" in looked.output, "its site is of that version"
    assert "runs and should not" not in looked.output, looked
    assert app.pm2() == LEFT
    assert not app.vps.exists(f"{ROOT}/run/blue.json")


def test_by_a_deploy(app: Deployed) -> None:
    with Load(app.url, rate=RATE, linger=0.5) as load:
        app.deploy("third").check()
    load.report.check()
    assert app.live() == "third"
    check_in_order(app, "green")


def test_by_a_rollback_and_the_next_deploy(app: Deployed) -> None:
    with Load(app.url, rate=RATE, linger=0.5) as load:
        app.fab("rollback").check()
    load.report.check()
    assert app.live() == "first"
    check_in_order(app, "green")
    assert app.fab("rollback").exit_code == 1, "what that version's ledger says counts"


def test_by_a_restart_which_makes_the_lock_its_owner_s(app: Deployed) -> None:
    app.fab("nginx.install", user="root").check()
    with Load(app.url, rate=RATE, linger=0.5) as load:
        app.fab("restart").check()
    load.report.check()
    assert app.live() == "change"
    check_in_order(app, "green")


def test_by_an_emergency_stop_and_a_resume(app: Deployed) -> None:
    with Load(app.url, rate=RATE) as load:
        app.fab("emergency-stop").check()
        assert set(app.pm2().values()) == {"stopped"}
        app.fab("emergency-resume").check()
    assert {failure.page for failure in load.report.failures} == {True}, str(load.report)
    assert app.live() == "change"
    check_in_order(app, "blue")
