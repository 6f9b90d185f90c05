"""Whether a kept release may be started against the database as it is now."""

from __future__ import annotations

import pytest

from tests.unit.made import kept, look
from windlass.errors import Refused
from windlass.facts.applied import Applied
from windlass.plans.decide.needs import check_has_what_it_needs

(RELEASE,) = kept("0001-aaaaaaa")
SEEN = look(applied=Applied(frozenset({"1_x"})))


def test_a_release_whose_migrations_were_taken_back_is_refused_with_the_deploy_that_applies_them() -> None:
    with pytest.raises(Refused, match=r"web1: 0001-aaaaaaa needs migrations .* \(2_y, 3_z\)") as refused:
        check_has_what_it_needs("web1", SEEN, RELEASE, frozenset({"3_z", "1_x", "2_y"}))
    assert refused.value.hint == "fab deploy --revision aaaaaaa000 -H web1 applies them anew"


def test_one_that_lacks_nothing_is_let_through() -> None:
    for files in (frozenset({"1_x"}), frozenset[str]()):
        check_has_what_it_needs("web1", SEEN, RELEASE, files)
    check_has_what_it_needs("web1", look(applied=None), RELEASE, frozenset({"1_x"}))
