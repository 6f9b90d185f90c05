"""Listing the tasks waits for nothing that it does not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[3]
HEAVY = ("fabric", "jinja2", "nodesemver", "paramiko", "psutil", "pydantic", "rich")


def test_tasks_are_known_before_anything_heavy_is_imported() -> None:
    code = f"import sys, tasks; print(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
