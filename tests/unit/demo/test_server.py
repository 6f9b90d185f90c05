"""Where the demo's server may live, and whose servers are swept away."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.operator import CHECKOUT
from tests.support.processes import run
from windlass.demo.locks import FileLock
from windlass.demo.remains import KEPT, LOCK, remove_leftovers


def test_a_temporary_folder_that_nobody_else_may_enter_is_not_used(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    program = "from windlass.demo.server import base; print(base())"
    said = run([sys.executable, "-c", program], env={"TMPDIR": str(private)}, cwd=CHECKOUT).check().stdout
    assert said == "/tmp\n"


def test_only_what_a_killed_demo_left_is_swept_away(tmp_path: Path) -> None:
    for name in ("killed", "running", "kept", "of-somebody-else"):
        (tmp_path / f"demo-{name}").mkdir()
    for name in ("killed", "running", "kept"):
        (tmp_path / f"demo-{name}" / LOCK).touch()
    (tmp_path / "demo-kept" / KEPT).touch()
    held = FileLock.try_take(tmp_path / "demo-running" / LOCK)
    assert held

    remove_leftovers(tmp_path, "demo-")

    held.close()
    assert {path.name for path in tmp_path.iterdir()} == {
        "demo-running",
        "demo-kept",
        "demo-of-somebody-else",
    }
