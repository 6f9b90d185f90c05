"""What a failed migration left, told statement by statement, and its way on."""

from __future__ import annotations

import pytest

from tests.unit.made import with_database
from windlass.commands import prisma
from windlass.errors import Refused, UsageError
from windlass.facts.applied import Applied
from windlass.facts.traces import There
from windlass.plans.resolve import Left, changes_of, chosen, doubts, resolve, traced
from windlass.shell import Command
from windlass.sql import Change

SQL = """\
CREATE TABLE "Tag" ("id" SERIAL);
ALTER TABLE "P" ADD COLUMN "r" INT, DROP COLUMN "q";
CREATE INDEX CONCURRENTLY "i" ON "P"("r");
UPDATE "P" SET "r" = 1;
"""


def left(*states: There) -> Left:
    """As the database shows table, new column, old column and index."""
    return Left("1_more", traced(SQL, dict(zip(changes_of(SQL), states, strict=True))))


def test_each_statement_is_there_or_not_or_cannot_be_seen() -> None:
    begun = left("there", "missing", "there", "missing")
    assert [trace.state for trace in begun.traces] == ["applied", "not applied", "not applied", "unknown"]
    assert [trace.state for trace in left("there", "there", "missing", "there").traces][1:3] == [
        "applied",
        "applied",
    ]


def test_a_statement_that_is_half_there_is_not_judged_and_a_broken_index_is_named() -> None:
    states = [trace.state for trace in left("there", "there", "there", "broken").traces]
    assert states == ["applied", "unknown", "broken", "unknown"]
    assert 'ON "P"("r"): is there, and invalid: drop it' in "\n".join(
        left("there", "there", "there", "broken").lines()
    )


def test_what_speaks_against_a_direction_is_named() -> None:
    begun = left("there", "missing", "there", "missing")
    (still,) = doubts(begun, "rolled back")
    assert still.startswith('CREATE TABLE "Tag" ("id" SERIAL): is still there')
    assert [line.split(" ")[0] for line in doubts(begun, "applied")] == ["ALTER", "CREATE"]


def test_the_words_tell_the_error_and_the_backup() -> None:
    lines = Left("1_more", (), "null value", "/srv/shop/backups/0002.dump").lines()
    assert lines[0] == "1_more was begun and did not finish: null value"
    assert "/srv/shop/backups/0002.dump" in lines[-1]
    assert "no backup" in Left("1_more", ()).lines()[-1]


def test_the_only_failed_migration_needs_no_name_and_of_several_one_must_be_named() -> None:
    assert chosen(Applied(failed=("a",)), None) == "a"
    assert chosen(Applied(failed=("a", "b")), "b") == "b"
    assert chosen(Applied(), None) == ""
    with pytest.raises(UsageError, match=r"several migrations failed \(a, b\)"):
        chosen(Applied(failed=("a", "b")), None)
    with pytest.raises(UsageError, match="c is no failed migration"):
        chosen(Applied(failed=("a",)), "c")
    with pytest.raises(Refused, match="still at work"):
        chosen(Applied(failed=("a",), running="417 12"), "a")


@pytest.mark.parametrize(("direction", "inserts"), [("applied", True), ("rolled back", False)])
def test_resolving_marks_the_row_in_one_transaction(direction: str, inserts: bool) -> None:
    plan = resolve(with_database(), prisma, "it's", "applied" if inserts else "rolled back", "ab12")
    (step,) = plan.stages[-1].steps
    assert isinstance(step.action, Command)
    assert "--single-transaction" in step.action.text
    assert "rolled_back_at = now() WHERE migration_name = 'it''s'" in step.action.text
    assert ("INSERT INTO _prisma_migrations" in step.action.text) is inserts
    assert plan.record == {"resolved": "it's", "as": direction}


def test_a_change_without_a_trace_is_not_looked_for() -> None:
    assert Change("rows", "a", made=False) in changes_of("DELETE FROM a")
    (trace,) = traced("DELETE FROM a", {})
    assert trace.state == "unknown"
