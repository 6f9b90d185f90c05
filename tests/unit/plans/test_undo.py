"""To which release migrations are taken back, and how."""

from __future__ import annotations

import pytest

from tests.unit.made import kept, live, record, with_database
from windlass.commands import prisma
from windlass.errors import UsageError
from windlass.plans.undo import aim, lost, take_back
from windlass.plans.ways import Way
from windlass.shell import Command
from windlass.sql import Change, statements

ONE, TWO = "0001-aaaaaaa", "0002-bbbbbbb"
DEPLOYS = (
    record("start", ONE, revision="aaaaaaa".ljust(40, "0"), migrations=["1"]),
    record("start", TWO, revision="bbbbbbb".ljust(40, "0"), was=ONE, migrations=["2"]),
)


def test_what_the_live_release_does_not_know_is_taken_back_before_what_it_brought() -> None:
    state = live(
        TWO, releases=kept(ONE, TWO), records=(*DEPLOYS, record("live", "", ONE), record("live", "", TWO))
    )
    assert aim(state, frozenset({"1", "2", "3"}), ("1", "2"), None) == TWO
    assert aim(state, frozenset({"1", "2"}), ("1", "2"), None) == ONE


@pytest.mark.parametrize("named", [ONE, "0001", "aaaaaaa"])
def test_a_release_is_named_by_id_number_or_commit(named: str) -> None:
    assert aim(live(TWO, records=DEPLOYS), frozenset(), (), named) == ONE
    with pytest.raises(UsageError, match="no release '0009'"):
        aim(live(TWO, records=DEPLOYS), frozenset(), (), "0009")


def test_the_backup_comes_first_and_the_account_changes_with_the_sql() -> None:
    undone = [Way(("2",), tuple(statements('DROP TABLE "it\'s"')), "2/down.sql")]
    plan = take_back(with_database(), live(TWO, now=0), prisma, undone, to=ONE)
    _, backup, undo = (stage.steps[0] for stage in plan.stages)
    assert backup.title == "back up the database"
    assert isinstance(undo.action, Command)
    assert "--single-transaction --set ON_ERROR_STOP=1" in undo.action.text
    assert undo.action.text.index('DROP TABLE "it\'s"') < undo.action.text.index(
        "DELETE FROM _prisma_migrations"
    )
    assert undo.environment == ("database",)
    assert not undo.interruptible
    assert plan.record["undone"] == ["2"]
    assert "fab rollback" in plan.outlook[1], "the live release was made for it"
    assert [drop.name for way in undone for drop in way.drops] == ['"it\'s"']


def test_what_is_lost_is_counted_in_words() -> None:
    drops = {
        Change("table", '"Tag"', made=False): 1_200_000,
        Change("column", "uses", made=False, table='"P"'): 3,
        Change("rows", "log", made=False): None,
    }
    assert lost(drops) == [
        'table "Tag": 1,200,000 rows',
        'column "P".uses: 3 values',
        "rows of log: not counted",
    ]
