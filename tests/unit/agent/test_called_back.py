"""Which slot a host goes back to by itself, after a run with other hosts of which it was lost."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from windlass.agent import called_back, past
from windlass.layout import Layout

OLD, NEW = "0001-aaaaaaa", "0002-bbbbbbb"
START = {
    "event": "start",
    "run": "r",
    "release": NEW,
    "live": {"slot": "blue", "release": OLD},
    "fleet": True,
}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """An app that was cut over from blue to green."""
    found = Layout(PurePosixPath(tmp_path))
    (tmp_path / "run").mkdir()
    Path(found.green).touch()
    Path(found.slot_release("blue")).symlink_to(f"../releases/{OLD}")
    Path(found.slot_release("green")).symlink_to(f"../releases/{NEW}")
    return found


def left(*records: dict[str, Any]) -> list[dict[str, Any]]:
    """The runs that did not finish, after these records."""
    found = past.blank()
    for record in records:
        past.add(found, {**record})
    return list(found["open"].values())


def test_one_that_died_between_its_cutover_and_the_word_to_settle_goes_back(layout: Layout) -> None:
    switched = {"event": "live", "run": "r", "live": {"slot": "green", "release": NEW}}
    assert called_back.way_back(layout.paths(), left(START, switched)) == "blue"


@pytest.mark.parametrize(
    "records",
    [
        [START, {"event": "settled", "run": "r"}],
        [{**START, "fleet": False}],
        [{**START, "live": {"slot": "green", "release": NEW}}],
        [{**START, "live": {"slot": "blue", "release": "0000-ccccccc"}}],
        [{**START, "live": {"slot": "blue", "release": ""}}],
        [START, {"event": "end", "run": "r", "outcome": "needs-person", "unrecovered": True}],
        [],
    ],
    ids=["settled", "alone", "not cut over", "blue has another", "the first deploy", "ended", "nothing"],
)
def test_everybody_else_keeps_what_the_flag_names(layout: Layout, records: list[dict[str, Any]]) -> None:
    assert called_back.way_back(layout.paths(), left(*records)) is None
