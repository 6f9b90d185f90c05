"""What a rehearsal does about what it saw: a table of cases, without a host."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.made import live, look, revision, state, with_database
from windlass.errors import NotReady, UsageError, WindlassError
from windlass.facts.applied import Applied
from windlass.facts.databases import Databases
from windlass.facts.tools import Tools
from windlass.plans.decide.rehearse import Seen, decide, pending

CONFIG = with_database()
LIVE = "0001-aaaaaaa"
MIGRATION = "20260101_rows"
GOOD = Databases("shop", "app", "app", owns=True, creates=True, version=15, size=1 << 30, free=2 << 30)


def seen(**parts: Any) -> Seen:
    """A host that has one migration pending, and room for a copy."""
    known = {
        "look": look(live(LIVE)),
        "revision": revision(migrations=(MIGRATION,)),
        "databases": GOOD,
        **parts,
    }
    return Seen("web1", **known)


def having(**applied: Any) -> Seen:
    return seen(look=look(live(LIVE), applied=Applied(**applied)))


@pytest.mark.parametrize(
    ("host", "error", "said"),
    [
        (
            seen(look=look(state(disk_free=0), tools=Tools("", "", "", {})), revision=None),
            NotReady,
            "web1 is not ready; visitors saw nothing",
        ),
        (seen(revision=None), UsageError, "web1: the repository has no branch, tag or commit 'main'"),
        (
            seen(revision=revision(package={"engines": {"node": ">=99"}})),
            NotReady,
            "web1: engines.node in package.json of ccccccc asks for >=99",
        ),
        (having(problem="refused"), NotReady, "web1: the database did not answer (refused)"),
        (having(running="7 60"), NotReady, "web1: the database is still at work on a migration, for 60 s"),
        (having(failed=("1_x",)), NotReady, "web1: 1_x was begun, did not finish and is not resolved"),
        (seen(databases=replace(GOOD, creates=False)), NotReady, "web1: app may make no database"),
        (seen(databases=replace(GOOD, free=1)), NotReady, "web1: the database takes 1024 MiB"),
    ],
)
def test_it_is_refused_before_anything_is_begun(host: Seen, error: type[WindlassError], said: str) -> None:
    with pytest.raises(error) as refused:
        decide(CONFIG, "main", host)
    assert refused.value.message.startswith(said)


def test_what_is_pending_is_tried_on_a_copy() -> None:
    (plan,) = decide(CONFIG, "main", seen()).plans
    assert plan.notes == (f"pending migrations: {MIGRATION}",)


def test_where_nothing_is_pending_there_is_nothing_to_rehearse() -> None:
    host = replace(having(names=frozenset({MIGRATION})), databases=None)
    assert pending(host) == ()
    decided = decide(CONFIG, "main", host)
    assert not decided.plans
    (said,) = decided.as_it_is
    assert said.text == "the database has every migration of ccccccc: there is nothing to rehearse"
    assert said.live == LIVE


def test_a_database_that_does_not_answer_is_not_asked_for_room() -> None:
    assert pending(having(problem="refused")) == ()
    assert pending(seen()) == (MIGRATION,)
