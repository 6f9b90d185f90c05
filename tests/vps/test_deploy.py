"""A good deploy, as a user runs it."""

from __future__ import annotations

from tests.vps.app import Deployed


def test_the_image_is_as_described(unharmed: Deployed) -> None:
    assert unharmed.live() == "change"
    assert "the second version" in unharmed.page()
