"""What a run tells at its end of its time, with workers and without."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support.operator import CHECKOUT
from tests.support.processes import run

TIERS = {
    "unit": "def test_slow():\n    time.sleep(0.3)\n\ndef test_quick():\n    pass\n",
    "vps": "@pytest.fixture(scope='session')\ndef host():\n    time.sleep(0.2)\n\ndef test_host(host):\n    pass\n",
}


@pytest.mark.parametrize("workers", ["0", "2"])
def test_the_slowest_the_tiers_and_the_shared_fixtures_are_told(tmp_path: Path, workers: str) -> None:
    for tier, text in TIERS.items():
        folder = tmp_path / "tests" / tier
        folder.mkdir(parents=True)
        (folder / f"test_{tier}.py").write_text(f"import time\nimport pytest\n\n{text}")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    words = [
        "-m",
        "pytest",
        "-p",
        "xdist",
        "-p",
        "tests.support.timings",
        "-p",
        "no:cacheprovider",
        "-n",
        workers,
        "tests",
    ]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    told = run([sys.executable, *words], env=environment, cwd=tmp_path).check().stdout
    slowest, tiers, fixtures = (
        _figures(_part(told, title)) for title in ("slowest", "by tier", "shared fixtures")
    )
    assert slowest == ["call tests/unit/test_unit.py::test_slow", "setup tests/vps/test_vps.py::test_host"]
    assert tiers == ["1 tests vps", "2 tests unit"]
    assert fixtures == ["1 made host"]


def _part(told: str, title: str) -> str:
    """What stands below a title, up to the next."""
    return told.partition(f"{title} -")[2].partition("\n--")[0]


def _figures(part: str) -> list[str]:
    """The lines that begin with seconds, without them, in a fixed order."""
    return sorted(" ".join(line.split()[2:]) for line in part.splitlines() if " s  " in line)
