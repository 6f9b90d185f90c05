"""Migrations as squawk sees them, and what is told of that."""

from __future__ import annotations

import pytest

from windlass.errors import NotReady
from windlass.plans.lint import IN_TWO_STEPS, check, complaints
from windlass.sql.squawk import Finding, findings


def told(sql: str) -> list[str]:
    found = findings(sql)
    assert found is not None, "squawk comes with Windlass"
    return complaints("1_more", sql, found)


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ('ALTER TABLE "P" ADD COLUMN "r" INTEGER NOT NULL;', "breaks the inserts of the release that runs"),
        ('ALTER TABLE "P" DROP COLUMN "b";', "first deploy code that does without it"),
        ('DROP TABLE "P";', "first deploy code that does without it"),
        ('ALTER TABLE "P" RENAME COLUMN "a" TO "b";', "add the new name and write both"),
        ('ALTER TABLE "P" RENAME TO "Q";', "add the new name and write both"),
        ('CREATE INDEX "i" ON "P"("a");', "CONCURRENTLY, in a migration that holds nothing else"),
        ('ALTER TABLE "P" ALTER COLUMN "a" SET DATA TYPE TEXT;', "rewrites the table under a lock"),
        ('ALTER TABLE "P" ALTER COLUMN "a" SET NOT NULL;', "NOT VALID, validate it in a later migration"),
        ('ALTER TABLE "P" ADD CONSTRAINT "f" FOREIGN KEY ("a") REFERENCES "Q"("id");', "add it NOT VALID"),
    ],
)
def test_what_breaks_or_blocks_is_told_with_its_line_and_the_way_round_it(sql: str, what: str) -> None:
    (line, *more) = told(f"-- the first line\n{sql}\n")
    assert line.startswith("1_more, line 2: ")
    assert what in line
    assert more == [], "one line a statement"


@pytest.mark.parametrize(
    "sql",
    [
        'ALTER TABLE "P" ADD COLUMN "uses" INTEGER NOT NULL DEFAULT 0;',
        'ALTER TABLE "P" ADD COLUMN "note" TEXT;',
        'CREATE TABLE "T" ("id" SERIAL PRIMARY KEY, "n" TEXT NOT NULL);\nCREATE UNIQUE INDEX "i" ON "T"("n");',
        'CREATE INDEX CONCURRENTLY "i" ON "P"("a");',
        "INSERT INTO a VALUES (1);",
        "this is no SQL",
        "",
    ],
)
def test_what_only_adds_and_what_is_a_matter_of_taste_is_not_told(sql: str) -> None:
    assert told(sql) == []


def test_every_rule_that_is_told_is_one_of_squawks() -> None:
    sql = 'ALTER TABLE "P" ADD COLUMN "r" INTEGER NOT NULL;'
    assert {finding.rule for finding in findings(sql) or []} & IN_TWO_STEPS.keys()
    assert complaints("1_more", sql, [Finding("prefer-text-field", "", 1)]) == []


def test_a_strict_configuration_refuses_and_any_other_warns() -> None:
    check(["1_more, line 2: a"], "host", strict=False)
    check([], "host", strict=True)
    with pytest.raises(NotReady, match="1_more, line 2: a"):
        check(["1_more, line 2: a"], "host", strict=True)
