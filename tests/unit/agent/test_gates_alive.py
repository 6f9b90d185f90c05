"""Processes without a port: whether each stays the same, on real ones."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from windlass.agent.failure import GateFailed
from windlass.agent.gates_alive import Watched, alive


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "30"])
    (tmp_path / "jobs-0.pid").write_text(str(process.pid))
    yield process
    process.kill()
    process.wait()


def arguments(folder: Path, instances: int = 1) -> dict[str, Any]:
    jobs = {"pid_files": [f"{folder}/jobs-[0-9]*.pid"], "instances": instances}
    return {"processes": {"jobs": jobs}, "min_healthy": 0.3}


def test_what_stays_up_passes(tmp_path: Path, worker: subprocess.Popen[bytes]) -> None:
    alive(arguments(tmp_path))
    assert worker.poll() is None


def test_what_ends_meanwhile_is_refused(tmp_path: Path, worker: subprocess.Popen[bytes]) -> None:
    threading.Timer(0.1, lambda: (worker.kill(), worker.wait())).start()
    with pytest.raises(GateFailed, match=r"jobs \(pid \d+\) ended"):
        alive({**arguments(tmp_path), "min_healthy": 10})


def test_what_is_not_there_has_ended_already(tmp_path: Path) -> None:
    with pytest.raises(GateFailed, match="jobs ended right after its start"):
        alive(arguments(tmp_path))


def test_each_instance_counts(tmp_path: Path, worker: subprocess.Popen[bytes]) -> None:
    with pytest.raises(GateFailed, match=r"jobs ended right after its start \(1 of it\)"):
        alive(arguments(tmp_path, instances=2))


def test_nothing_to_watch_is_well() -> None:
    Watched({}).check()
