"""Statements as psql would end them, and what they make and drop."""

from __future__ import annotations

import pytest

from windlass.sql import Change, changes, statements


def texts(sql: str) -> list[str]:
    return [statement.text for statement in statements(sql)]


@pytest.mark.parametrize(
    "whole",
    [
        "INSERT INTO a VALUES ('it''s; done', E'a\\';b')",
        'DROP TABLE "a;b"',
        "DO $x$ BEGIN; COMMIT; END $x$",
        "SELECT $$;$$ || $a$ $b$ ; $a$",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
        "CREATE RULE r AS ON INSERT TO a DO (SELECT 1; SELECT 2)",
        "SELECT a$b$ FROM c WHERE d = 1 /* ; /* ; */ ; */ AND 2 = 2 -- ;",
    ],
)
def test_a_semicolon_within_a_literal_a_name_a_body_or_a_comment_ends_nothing(whole: str) -> None:
    assert [one.split("\n")[0] for one in texts(f"SELECT 1;\n{whole}\n;SELECT 2")] == [
        "SELECT 1",
        whole,
        "SELECT 2",
    ]


def test_comments_before_a_statement_are_none_and_empty_ones_are_left_out() -> None:
    assert texts("-- AlterTable\n;\n/* x */ DROP TABLE a;;\n-- end\n") == ["DROP TABLE a"]
    assert texts("") == []


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ('CREATE TABLE "Tag" ("id" SERIAL)', [Change("table", '"Tag"', made=True)]),
        ("create unlogged table if not exists Tag (a int)", [Change("table", "tag", made=True)]),
        (
            'DROP TABLE IF EXISTS a, public."B" CASCADE',
            [Change("table", "a", False), Change("table", 'public."B"', False)],
        ),
        (
            'ALTER TABLE "P" ADD COLUMN "n" DECIMAL(3,2), DROP "b", ADD CONSTRAINT "c" CHECK (a > 0), ADD UNIQUE (n)',
            [
                Change("column", '"n"', True, '"P"'),
                Change("column", '"b"', False, '"P"'),
                Change("constraint", '"c"', True, '"P"'),
            ],
        ),
        ('CREATE UNIQUE INDEX CONCURRENTLY "i" ON "P"("n")', [Change("index", '"i"', True)]),
        ("CREATE INDEX ON p (n)", []),
        ("CREATE TYPE \"Role\" AS ENUM ('A')", [Change("type", '"Role"', True)]),
        ("TRUNCATE a, b", [Change("rows", "a", False), Change("rows", "b", False)]),
        ("DELETE FROM a WHERE b", [Change("rows", "a", False)]),
        ('UPDATE "P" SET n = 1', []),
        ("ALTER TYPE r ADD VALUE 'x'", []),
    ],
)  # fmt: skip
def test_what_a_statement_makes_and_drops(sql: str, expected: list[Change]) -> None:
    (statement,) = statements(sql)
    assert list(changes(statement)) == expected


@pytest.mark.parametrize("sql", ["BEGIN", "begin transaction", "START TRANSACTION", "COMMIT", "END WORK"])
def test_the_brackets_of_a_transaction_are_told_apart(sql: str) -> None:
    (statement,) = statements(sql)
    assert statement.brackets
    assert not statement.unfit


@pytest.mark.parametrize(
    "sql",
    [
        "ROLLBACK", "COMMIT AND CHAIN", "BEGIN ISOLATION LEVEL SERIALIZABLE", "PREPARE TRANSACTION 'a'",
        "CREATE INDEX CONCURRENTLY i ON a (b)", "DROP INDEX CONCURRENTLY i", "REINDEX TABLE CONCURRENTLY a",
        "VACUUM a", "CREATE DATABASE x", "ALTER SYSTEM SET a = 1",
    ],
)  # fmt: skip
def test_what_cannot_be_part_of_a_transaction_is_known(sql: str) -> None:
    (statement,) = statements(sql)
    assert statement.unfit


@pytest.mark.parametrize(
    "sql", ["ROLLBACK TO s", "SAVEPOINT s", "REFRESH MATERIALIZED VIEW CONCURRENTLY v", "SELECT 1"]
)
def test_what_can_be_part_of_one_is_let_pass(sql: str) -> None:
    (statement,) = statements(sql)
    assert not statement.unfit
