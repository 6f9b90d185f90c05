"""Which migrations a database has, by what psql prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.bash import bash
from windlass.facts import Answer
from windlass.facts.applied import Applied
from windlass.facts.prisma import parse, question

# As PostgreSQL 15's psql -XAtq -F ' ' printed it: applied, failed, rolled back, and failed then applied.
RECORDED = """\
20260301090000_init t f
20260302090000_with space t f
20260303090000_failed f f
20260304090000_undone f t
20260305090000_again f t
20260305090000_again t f
20260306090000_resolved f f
20260306090000_resolved t f
"""


def test_finished_migrations_are_applied_and_unresolved_ones_are_not() -> None:
    applied = parse(Answer(RECORDED))
    assert applied.names == {
        "20260301090000_init",
        "20260302090000_with space",
        "20260305090000_again",
        "20260306090000_resolved",
    }
    assert applied.failed == ("20260303090000_failed",)
    assert applied.problem == ""


def test_pending_is_what_the_revision_has_and_the_database_lacks_in_order() -> None:
    applied = Applied(frozenset({"1", "9"}))
    assert applied.pending(("1", "2", "3")) == ("2", "3")
    assert applied.pending(("1",)) == ()
    assert Applied().pending(("1", "2")) == ("1", "2")


def test_a_database_that_was_never_migrated_has_none() -> None:
    assert parse(Answer("")) == Applied()


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (
            Answer("", 'psql: error: connection failed\n  detail\n\nFATAL:  role "x" does not exist\n', 2),
            'FATAL:  role "x" does not exist',
        ),
        (Answer("", "", 124), "no answer in time"),
        (Answer("", "psql: error: connection refused\n\tIs it running?\n", 2), "connection refused"),
        (
            Answer("20260301090000_init t f\n", "server closed the connection\n", 1),
            "server closed the connection",
        ),
    ],
)
def test_a_database_that_does_not_answer_is_a_problem_and_not_an_empty_one(
    answer: Answer, problem: str
) -> None:
    assert parse(answer) == Applied(problem=problem)


def test_without_a_url_nobody_is_asked(tmp_path: Path) -> None:
    done = bash(question().command, env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
    assert parse(Answer(done.stdout, done.stderr, done.exit_code)).problem == "no PostgreSQL URL in .env"


STAND_IN = """#!/bin/bash
# Not psql: it answers as one of a database whose table of migrations is there, or is not.
case "$*" in *to_regclass*) echo "$MISSING" ;; *) printf '1_init t f\\n' ;; esac
"""


@pytest.mark.parametrize(("missing", "names"), [("t", set()), ("f", {"1_init"})])
def test_the_table_is_asked_for_only_where_it_is(tmp_path: Path, missing: str, names: set[str]) -> None:
    (tmp_path / "psql").write_text(STAND_IN)
    (tmp_path / "psql").chmod(0o755)
    done = bash(
        question().command,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "PGDATABASE": "shop", "MISSING": missing},
    )
    assert parse(Answer(done.stdout, done.stderr, done.exit_code)) == Applied(frozenset(names))


def test_a_migration_that_is_at_work_is_told_apart_from_the_names() -> None:
    applied = parse(Answer("1_init t f\n> 4242 17\n"))
    assert applied == Applied(frozenset({"1_init"}), running="4242 17")


def test_the_password_is_not_in_the_text() -> None:
    assert question().environment == ("database",)
    assert "PGPASSWORD" not in question().command.text
