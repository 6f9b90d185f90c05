"""In what order another database comes in the place of the app's, and what is said before and after."""

from __future__ import annotations

from tests.unit import made
from tests.unit.plans.reading import titles
from windlass.facts.applied import Applied
from windlass.operations.outcome import exit_code, message
from windlass.plans import restore
from windlass.plans.restorable import Source

CONFIG = made.with_database()
HOST = "deploy@host"
KEPT = "shop_before_restore_20261122_040500"
SOURCE = Source("0042-abc1234", "the backup 0042-abc1234", CONFIG.layout.backup("0042-abc1234"), sha256="abc")


def test_nothing_visitors_see_changes_before_the_dump_is_restored_and_compared() -> None:
    plan = restore.plan(CONFIG, HOST, made.state(), SOURCE, KEPT, made.cutover(page_up=True))
    found = titles(plan)
    assert (
        found.index("compare the rows") < found.index("put the page up") < found.index("stop the processes")
    )
    assert found.index("stop the processes") < found.index(restore.SWAP) < found.index("take the page down")


def test_a_stopped_app_is_not_started() -> None:
    plan = restore.plan(CONFIG, HOST, made.state(), SOURCE, KEPT, None)
    assert titles(plan)[-1] == restore.SWAP
    assert "release" not in plan.record


def test_a_release_that_does_not_come_up_leaves_a_person_the_way_back() -> None:
    plan = restore.plan(CONFIG, HOST, made.state(), SOURCE, KEPT, made.cutover())
    live = {"slot": "blue", "release": "0001-abc1234", "revision": "a" * 40}
    failure = {"title": "healthy", "reason": "status 500", "state": "failed", "log": ""}
    end = {"outcome": "failed", "live": live, "failure": failure, "done": [restore.SWAP], "page": None}
    text, _ = message(CONFIG, HOST, plan, end)
    assert f"kept as {KEPT}: fab db.restore {KEPT} -H {HOST} swaps back" in text
    assert exit_code(plan, end) == 4
    assert exit_code(plan, {**end, "done": []}) == 1


def test_migrations_that_differ_are_told_with_the_command() -> None:
    state = made.state(live="0001-abc1234", live_revision="a" * 40)
    behind, ahead = restore.differences(HOST, state, ["one", "two"], Applied(frozenset({"one", "three"})))
    assert "two" in behind
    assert "--revision aaaaaaaaaa" in behind
    assert "three" in ahead
    assert "db.rollback" in ahead
