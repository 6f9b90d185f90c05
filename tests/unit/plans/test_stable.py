"""Which release `fab mark-stable` marks, and which it refuses."""

from __future__ import annotations

import pytest

from tests.unit import made
from windlass.errors import Refused
from windlass.plans.stable import chosen, is_marked

STATE = made.live("0002-bbbbbbb", releases=made.kept("0001-aaaaaaa", "0002-bbbbbbb"))


def test_the_live_release_is_marked_where_none_is_named() -> None:
    assert chosen("h", STATE, None).id == "0002-bbbbbbb"


@pytest.mark.parametrize("named", ["0001-aaaaaaa", "aaaaaaa", "AAAAAAA0"])
def test_a_kept_release_is_named_by_its_id_or_its_commit(named: str) -> None:
    assert chosen("h", STATE, named).id == "0001-aaaaaaa"


@pytest.mark.parametrize("named", ["0009-aaaaaaa", "ccccccc", "main", "", "aaa"])
def test_what_is_not_kept_is_refused(named: str) -> None:
    with pytest.raises(Refused, match="keeps no release"):
        chosen("h", STATE, named)


def test_a_live_release_that_is_bad_must_be_named() -> None:
    records = tuple(made.went_wrong("0002-bbbbbbb", "0002-bbbbbbb", "needs-person"))
    bad = made.live("0002-bbbbbbb", records=records)
    with pytest.raises(Refused, match="marked bad"):
        chosen("h", bad, None)
    assert chosen("h", bad, "0002-bbbbbbb").id == "0002-bbbbbbb"


def test_nothing_is_marked_where_nothing_is_live() -> None:
    with pytest.raises(Refused, match="nothing is live"):
        chosen("h", made.state(), None)


def test_only_the_newest_mark_counts_as_there_already() -> None:
    marks = [made.record("stable", "0002-bbbbbbb"), made.record("stable", "0001-aaaaaaa")]
    state = made.live("0002-bbbbbbb", records=tuple(marks), releases=STATE.releases)
    assert is_marked(state, state.releases[0])
    assert not is_marked(state, state.releases[1])
