"""The state of a database that a migration may start from, and the page around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.bash import bash
from tests.unit.made import config, cutover, live, look, record, with_database
from windlass.errors import NotReady
from windlass.facts.applied import Applied
from windlass.plans.migrate import check, page
from windlass.shell import Command

RATINGS = "20260303090000_ratings"


def refused(applied: Applied) -> NotReady:
    begun = record("start", "0002-ccccccc", migrations=[RATINGS])
    seen = look(live("0001-aaaaaaa", records=(begun,)), applied=applied)
    with pytest.raises(NotReady) as caught:
        check(with_database(), seen, "host")
    return caught.value


def test_a_database_with_every_migration_finished_is_fine() -> None:
    check(with_database(), look(applied=Applied(frozenset({RATINGS}))), "host")
    check(with_database(), look(applied=None), "host")


def test_a_database_that_does_not_answer_is_named_with_its_variable() -> None:
    error = refused(Applied(problem="connection refused"))
    assert "did not answer (connection refused)" in error.message
    assert "DATABASE_URL" in error.hint


def test_an_unfinished_migration_is_named_with_the_next_command() -> None:
    error = refused(Applied(failed=(RATINGS,)))
    assert f"{RATINGS} was begun, did not finish" in error.message
    assert "fab db.resolve -H host" in error.hint


def test_a_migration_that_still_runs_is_waited_for_and_not_resolved() -> None:
    error = refused(Applied(failed=(RATINGS,), running="417 12"))
    assert f"still at work on a migration ({RATINGS}), for 12 s" in error.message
    assert "pg_terminate_backend(417)" in error.hint
    assert "resolve" not in error.hint


@pytest.mark.parametrize(("left_by", "marked"), [("deploy 0001-aaaaaaa\n", True), (None, False)])
def test_the_mark_of_a_begun_migration_outlives_only_its_own_page(
    tmp_path: Path, left_by: str | None, marked: bool
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/migrated").touch()
    if left_by:
        (tmp_path / "run/maintenance").write_text(left_by)
    ((step,),) = (stage.steps for stage in page(config(tmp_path), cutover(page_up=True)))
    assert isinstance(step.action, Command)
    bash(step.action).check()
    assert (tmp_path / "run/maintenance").read_text() == "deploy 0001-ccccccc\n"
    assert (tmp_path / "run/migrated").exists() is marked
