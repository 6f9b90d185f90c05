"""What an install is made of: the same stamp means that it need not run."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit import made
from windlass.facts.revision import Revision
from windlass.plans.build import tooling

PACKAGE = {"name": "shop", "dependencies": {"next": "16"}, "scripts": {"build": "next build"}}


def stamp(**package: Any) -> str:
    revision = Revision(
        made.NEW, "Sell", 0, blobs={"package-lock.json": "1234"}, package={**PACKAGE, **package}
    )
    return tooling(made.config(), made.look(), revision).stamp


@pytest.mark.parametrize(
    "change",
    [
        {"dependencies": {"next": "16", "forgotten": "1"}},
        {"devDependencies": {"forgotten": "1"}},
        {"overrides": {"next": "15"}},
        {"packageManager": "npm@11.0.0"},
        {"scripts": {"build": "next build", "postinstall": "node patch.js"}},
    ],
)
def test_what_an_install_would_do_otherwise_changes_the_stamp(change: dict[str, Any]) -> None:
    assert stamp(**change) != stamp()


@pytest.mark.parametrize("change", [{"version": "2"}, {"scripts": {"build": "next build --turbo"}}])
def test_what_no_install_looks_at_does_not(change: dict[str, Any]) -> None:
    assert stamp(**change) == stamp()
