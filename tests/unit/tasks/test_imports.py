"""Listing the tasks waits for nothing that it does not need."""

from __future__ import annotations

import sys

from tests.support.operator import CHECKOUT
from tests.support.processes import run

HEAVY = ("fabric", "jinja2", "nodesemver", "paramiko", "psutil", "pydantic", "rich")


def test_tasks_are_known_before_anything_heavy_is_imported() -> None:
    assert imported("import tasks", *HEAVY) == []


def imported(code: str, *names: str) -> list[str]:
    """Those of the modules that python has imported once it ran the code."""
    ask = f"{code}\nimport sys; print(*(name for name in {names} if name in sys.modules))"
    return run([sys.executable, "-c", ask], cwd=CHECKOUT, timeout=60).check().stdout.split()
