"""Which plans have the database to themselves, from which stage to which."""

from __future__ import annotations

from tests.unit.made import config, cutover, live, look, revision, state, with_database
from windlass.commands import prisma
from windlass.facts.applied import Applied
from windlass.operations.outcome import exit_code
from windlass.plan import Plan
from windlass.plans.deploy import Options, deploy
from windlass.plans.resolve import resolve
from windlass.plans.restorable import Source
from windlass.plans.restore import plan as restore
from windlass.plans.undo import take_back
from windlass.plans.ways import Way

OLD, NEW = "0001-aaaaaaa", "0002-ccccccc"
WITH_ONE_PENDING = revision(migrations=("1_more",))


def alone(plan: Plan) -> list[str]:
    """The stages for whose whole length the database's lock is held."""
    held: list[str] = []
    holds = False
    for stage in plan.stages:
        holds = holds and not stage.frees
        held += [stage.name] if holds else []
        holds = holds or any(step.holds for step in stage.steps)
    return held


def deployed(*, migrates: bool = True, page: bool = False, has: tuple[str, ...] = ()) -> Plan:
    seen = look(live(OLD), applied=Applied(frozenset(has)))
    to = cutover(release=NEW, was=OLD, page_up=page)
    return deploy(with_database(), seen, WITH_ONE_PENDING, to, Options(migrates=migrates))


def test_a_deploy_that_migrates_has_it_from_before_the_page_up_to_the_cutover_of_all() -> None:
    assert alone(deployed()) == ["backup", "migrate", "start", "cutover"]
    behind_the_page = alone(deployed(page=True))
    assert behind_the_page == ["page", "backup", "migrate", "start", "cutover", "open"]


def test_a_deploy_that_has_nothing_to_migrate_or_is_another_host_s_does_without() -> None:
    assert alone(deployed(has=("1_more",))) == []
    assert alone(deployed(migrates=False)) == []
    assert alone(deploy(config(), look(live(OLD)), revision(), cutover(), Options())) == []


def test_a_restore_has_it_from_the_dump_s_first_row_up_to_the_cutover() -> None:
    chosen = with_database()
    source = Source("0042-abc1234", "the backup", chosen.layout.backup("0042-abc1234"), sha256="abc")
    assert alone(restore(chosen, "host", state(), source, "kept", cutover())) == [
        "restore", "swap", "start", "cutover",
    ]  # fmt: skip
    assert alone(restore(chosen, "host", state(), source, "kept", None)) == ["restore", "swap"]


def test_whoever_takes_migrations_back_or_settles_one_has_it_to_the_end() -> None:
    chosen = with_database()
    back = take_back(chosen, live(NEW, now=0), prisma, [Way(("2",), (), "2/down.sql")], to=OLD)
    assert alone(back) == ["backup", "undo"]
    assert alone(resolve(chosen, prisma, "1_more", "applied", "sum")) == ["resolve"]


def test_who_is_excluded_ends_as_one_that_found_a_lock_held() -> None:
    failure = {"title": "hold the database's lock", "reason": "another", "state": "failed", "locked": True}
    assert exit_code(deployed(), {"outcome": "failed", "failure": failure, "done": []}) == 75
    assert (
        exit_code(deployed(), {"outcome": "failed", "failure": {**failure, "locked": False}, "done": []}) == 1
    )
