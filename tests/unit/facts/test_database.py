from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.bash import bash
from windlass.facts.database import Database, Place, Query, Wait, parse, place
from windlass.question import Answer

QUIET: dict[str, Any] = {
    "name": "shop", "version": "15.14", "size": 7_000_000, "limit": 100, "used": 4,
    "connections": {"idle": 3}, "longest": None, "waits": [],
}  # fmt: skip
WAIT = {
    "pid": 8,
    "seconds": 1.5,
    "query": "SELECT 1",
    "for_pid": 7,
    "for_state": "active",
    "for_query": "LOCK t",
}


def test_a_quiet_database_has_no_longest_query_and_no_waits() -> None:
    assert parse(Answer(json.dumps(QUIET))) == Database("shop", "15.14", 7_000_000, 100, 4, {"idle": 3})


def test_who_waits_is_known_with_whom_for() -> None:
    busy = {**QUIET, "longest": {"pid": 7, "seconds": 2, "query": "LOCK t"}, "waits": [WAIT]}
    found = parse(Answer(json.dumps(busy)))
    assert found.longest == Query(7, 2, "LOCK t")
    assert found.waits == (Wait(8, 1.5, "SELECT 1", 7, "active", "LOCK t"),)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answer("", "psql: error: connection to x failed: Connection refused\n\tIs it running?\n", 2),
         "connection to x failed: Connection refused"),
        (Answer("", "", 124), "no answer in time"),
        (Answer("", "no PostgreSQL URL in .env\n", 45), "no PostgreSQL URL in .env"),
    ],
)  # fmt: skip
def test_a_database_that_does_not_answer_has_a_problem(answer: Answer, problem: str) -> None:
    assert parse(answer) == Database(problem=problem)


@pytest.mark.parametrize(
    ("variables", "there"),
    [
        ({"PGHOST": "db.example", "PGPORT": "5433", "PGUSER": "a", "PGDATABASE": "b"}, ("db.example", 5433)),
        ({"PGHOST": "127.0.0.1", "PGUSER": "a", "PGDATABASE": "b"}, ("127.0.0.1", 5432)),
        ({"PGHOST": "/run/pg", "PGUSER": "a", "PGDATABASE": "b"}, "/run/pg/.s.PGSQL.5432"),
        ({"PGUSER": "a", "PGDATABASE": "b"}, "/var/run/postgresql/.s.PGSQL.5432"),
    ],
)
def test_the_place_is_what_the_url_names_or_postgresqls_own(variables: dict[str, str], there: Any) -> None:
    question = place()
    found = question.parse(
        Answer(bash(question.command, env={"PATH": "/usr/bin:/bin", **variables}).check().stdout)
    )
    assert found is not None
    assert found.there == there
    assert found.url("127.0.0.1", 15432) == "postgresql://a@127.0.0.1:15432/b"


def test_names_are_percent_encoded_in_a_url() -> None:
    assert Place("", 5432, "a@b", "c/d").url("h", 1) == "postgresql://a%40b@h:1/c%2Fd"


def test_without_a_url_there_is_no_place() -> None:
    question = place()
    assert (
        question.parse(Answer(bash(question.command, env={"PATH": "/usr/bin:/bin"}).check().stdout)) is None
    )
