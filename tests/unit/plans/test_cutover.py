"""What a cutover starts with: above all, what must not run twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.made import config, live, look
from windlass.manifest import manifest_of
from windlass.plans.cutover import cutover_to

CLOCK, ALONE = {"script": "clock.js"}, {"script": "clock.js", "exclusive": True}
A, B = "0001-aaaaaaa", "0002-bbbbbbb"


@pytest.mark.parametrize(
    ("before", "now", "alone", "ends"),
    [
        ({}, {"clock": ALONE}, ("shop-green-clock",), ()),
        ({"clock": ALONE}, {"clock": ALONE}, ("shop-green-clock",), ("shop-blue-clock",)),
        ({"clock": CLOCK}, {"clock": ALONE}, ("shop-green-clock",), ("shop-blue-clock",)),
        ({"clock": ALONE}, {"clock": CLOCK}, ("shop-green-clock",), ("shop-blue-clock",)),
        ({"clock": ALONE}, {}, (), ("shop-blue-clock",)),
        ({"clock": CLOCK}, {"clock": CLOCK}, (), ()),
    ],
)
def test_what_is_exclusive_on_either_side_ends_before_its_like_starts(
    before: dict[str, Any], now: dict[str, Any], alone: tuple[str, ...], ends: tuple[str, ...]
) -> None:
    started = manifest_of(config(processes=before), "blue", A, "a" * 40, "/usr/bin")
    seen = look(replace(live(A), manifests={"blue": started}))
    to = cutover_to(config(processes=now), seen, B, "b" * 40)
    assert (to.alone, to.ends) == (alone, ends)
