"""Web apps for the tests of gates and of /proc."""

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
