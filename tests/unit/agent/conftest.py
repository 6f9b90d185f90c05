"""Web apps for the tests of gates and of /proc, and an app's root for those of agents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.agent.apps import Apps


@pytest.fixture
def apps(tmp_path: Path) -> Iterator[Apps]:
    found = Apps(tmp_path)
    yield found
    found.end()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The root of an app that was never deployed."""
    for folder in ("run", "releases", "logs", "shared"):
        (tmp_path / "app" / folder).mkdir(parents=True)
    return tmp_path / "app"
