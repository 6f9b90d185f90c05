"""Which migrations are taken back, and by whose SQL."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.made import live, past, record
from windlass.errors import Refused
from windlass.facts.papers import Papers
from windlass.plans.ways import brought_by, later, revisions, ways

ONE, TWO, THREE = "0001-aaaaaaa", "0002-bbbbbbb", "0003-ccccccc"
FILES = {ONE: frozenset({"1"}), TWO: frozenset({"1", "2"}), THREE: frozenset({"1", "2", "3"})}


def deploy(release: str, was: str, *migrations: str) -> Any:
    return record("start", release, revision=release[5:].ljust(40, "0"), was=was, migrations=list(migrations))


DEPLOYS = (deploy(ONE, "", "1"), deploy(TWO, ONE, "2"), deploy(THREE, TWO, "3"))


def sources(migrations: list[str], records: Any = DEPLOYS, files: Any = FILES, **papers: Any) -> list[str]:
    found = ways(migrations, brought_by(past(records).deploys, migrations), files, Papers(**papers))
    assert [name for way in found for name in way.migrations] == migrations
    return [way.source for way in found]


def test_a_release_whose_files_nobody_has_is_refused() -> None:
    assert revisions(live(TWO), ONE, []) == {}
    with pytest.raises(Refused, match="neither kept nor in the workspace's git"):
        later(frozenset({"1"}), {}, ONE)
    assert later(frozenset({"1", "2", "3"}), FILES, ONE) == ["3", "2"]


def test_what_the_developers_wrote_is_preferred_where_it_covers_all_of_a_release() -> None:
    recorded = {TWO: "DROP TABLE two", THREE: "DROP TABLE three"}
    assert sources(["3", "2"], recorded=recorded, down={"3": "DROP TABLE c"}) == [
        "3/down.sql",
        f"the SQL recorded at the deploy of {TWO}",
    ]
    both = (DEPLOYS[0], deploy(THREE, ONE, "2", "3"))
    assert sources(["3", "2"], both, recorded=recorded, down={"3": ""}) == [
        f"the SQL recorded at the deploy of {THREE}"
    ]
    assert sources(["3", "2"], both, recorded=recorded, down={"3": "", "2": ""}) == [
        "3/down.sql",
        "2/down.sql",
    ]


def test_recorded_sql_that_leads_back_too_far_is_not_run() -> None:
    """The release that was live at the deploy of 3 had neither 2 nor 3: somebody had rolled the code back."""
    records = (*DEPLOYS[:2], deploy(THREE, ONE, "3"))
    with pytest.raises(Refused, match="would take back 2 too; nothing was changed"):
        sources(["3"], records, recorded={THREE: "DROP TABLE three, two"})
    assert sources(["3", "2"], records, recorded={THREE: "x"}) == [
        f"the SQL recorded at the deploy of {THREE}"
    ]


def test_a_redeploy_that_recorded_nothing_leaves_it_to_the_first_deploy() -> None:
    """Taken back under the live code, and applied anew by a deploy of the same: its recorded SQL is empty."""
    records = (*DEPLOYS, deploy("0004-ccccccc", THREE, "3"))
    files = {**FILES, "0004-ccccccc": FILES[THREE]}
    recorded = {THREE: "DROP TABLE three", "0004-ccccccc": "-- empty"}
    assert sources(["3"], records, files, recorded=recorded) == [f"the SQL recorded at the deploy of {THREE}"]


def test_without_any_sql_it_is_refused_with_what_to_write() -> None:
    with pytest.raises(Refused, match="no deploy of Windlass brought it") as refused:
        sources(["9"])
    assert "write down.sql beside 9's SQL" in refused.value.hint
    with pytest.raises(Refused, match="nothing was recorded at its deploy"):
        sources(["1"])


@pytest.mark.parametrize("sql", ["DROP INDEX CONCURRENTLY i", "ROLLBACK", "COMMIT AND CHAIN"])
def test_sql_that_is_no_transaction_is_refused_before_anything_runs(sql: str) -> None:
    with pytest.raises(Refused, match="cannot run as one transaction"):
        sources(["2"], recorded={TWO: f"SELECT 1; {sql};"})


def test_the_brackets_that_prisma_writes_around_an_enum_are_left_out() -> None:
    found = ways(
        ["2"],
        brought_by(past(DEPLOYS).deploys, ["2"]),
        FILES,
        Papers(recorded={TWO: "BEGIN;\nDROP TYPE r;\nCOMMIT;"}),
    )
    assert [one.text for one in found[0].statements] == ["DROP TYPE r"]
