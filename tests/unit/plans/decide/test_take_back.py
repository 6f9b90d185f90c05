"""What keeps migrations from being taken back, and what is said of those that are."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.made import kept, live, went_well, with_database
from windlass.commands.migrations import tool
from windlass.errors import NotReady, Refused, UsageError, WindlassError
from windlass.facts.applied import Applied
from windlass.plans.decide.take_back import Seen, aim, decide
from windlass.plans.ways import Way
from windlass.sql import statements

CONFIG = with_database()
A, B = "0001-aaaaaaa", "0002-bbbbbbb"
BOTH = live(B, releases=kept(A, B), records=(*went_well(A), *went_well(B, A)))


def seen(*names: str, **parts: Any) -> Seen:
    """Two releases, the second one live with both migrations."""
    applied = Applied(frozenset(names or ("1_x", "2_y")))
    return Seen("web1", **{"state": BOTH, "applied": applied, "shipped": ("1_x", "2_y"), **parts})


@pytest.mark.parametrize(
    ("host", "named", "error", "said"),
    [
        (seen(problem="refused"), None, NotReady, "web1: the database did not answer (refused)"),
        (seen(applied=Applied(failed=("2_y",))), None, NotReady, "web1: 2_y was begun and is not finished"),
        (
            seen(applied=Applied(running="7 60")),
            A,
            NotReady,
            "web1: a migration was begun and is not finished",
        ),
        (seen(), "0009", UsageError, "no release '0009' is known"),
        (seen(state=live(A), shipped=("1_x", "2_y")), None, Refused, "there is no good release before 0001"),
    ],
)
def test_it_is_refused_before_anything_is_shown(
    host: Seen, named: str | None, error: type[WindlassError], said: str
) -> None:
    with pytest.raises(error) as refused:
        aim(CONFIG, host, named)
    assert refused.value.message.startswith(said)


@pytest.mark.parametrize(
    ("host", "named", "left"),
    [(seen(), None, A), (seen("1_x", "2_y", "3_z"), None, B), (seen(), "0001", A), (seen(), B, B)],
)
def test_what_is_left_is_what_the_live_release_or_the_one_before_knows(
    host: Seen, named: str | None, left: str
) -> None:
    assert aim(CONFIG, host, named) == left


def test_the_notes_say_the_sql_and_what_goes_with_it() -> None:
    prisma = tool(CONFIG)
    assert prisma
    way = Way(("2_y",), tuple(statements("DROP TABLE masts")), "its down.sql")
    (drop,) = way.drops
    plan = decide(CONFIG, seen(), prisma, [way], {drop: 1234}, to=A)
    assert plan.notes[0] == "2_y: taken back by its down.sql"
    assert plan.notes[-1] == "this drops table masts: 1,234 rows"
    assert plan.record["undone"] == ["2_y"]
