"""The app's lock: looking at it disturbs nobody, and of those who look, all see it held."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.processes import wait_until
from windlass.agent import lock

CHECKOUT = Path(__file__).parents[3]
LOOK_ALL_THE_TIME = (
    "import sys; sys.path.insert(0, sys.argv[1]); from windlass.agent import lock\n"
    "print(flush=True)\n"
    "while True: lock.is_held(sys.argv[2])"
)


def test_a_lock_is_held_until_it_is_released(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    assert not lock.is_held(path)
    held = lock.Lock.take(path)
    assert held is not None
    assert lock.is_held(path)
    assert lock.Lock.take(path) is None
    held.release()
    assert not lock.is_held(path)


def test_whoever_only_looks_never_has_a_run_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    command = [sys.executable, "-c", LOOK_ALL_THE_TIME, str(CHECKOUT), path]
    lookers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    try:
        for looker in lookers:
            assert looker.stdout is not None
            looker.stdout.readline()
        for _ in range(50):
            taken = lock.Lock.take(path)
            assert taken is not None
            taken.release()
    finally:
        for looker in lookers:
            looker.kill()
            looker.communicate()


def test_several_who_look_at_once_do_not_take_one_another_for_a_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text("{}")
    command = [sys.executable, "-c", LOOK_ALL_THE_TIME, str(CHECKOUT), str(path)]
    looker = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert looker.stdout is not None
        looker.stdout.readline()
        seen = [lock.is_held(str(path)) for _ in range(2000)]
        assert not any(seen)
    finally:
        looker.kill()
        looker.communicate()


def test_a_lock_whose_holder_died_is_free(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    take = (
        "import sys, time; sys.path.insert(0, sys.argv[1]); from windlass.agent import lock\n"
        "held = lock.Lock.take(sys.argv[2]); held.say(pid=1, who='ana')\n"
        "print(flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", take, str(CHECKOUT), path], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    assert lock.is_held(path)
    assert lock.holder(path)["who"] == "ana"
    holder.kill()
    holder.communicate()
    wait_until(lambda: not lock.is_held(path), 5, "still held")


def test_nobody_else_may_open_the_lock_and_an_older_one_is_tightened(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text("{}")
    path.chmod(0o644)
    held = lock.Lock.take(str(path))
    assert held is not None
    assert path.stat().st_mode & 0o777 == 0o600
    held.release()


def test_a_holder_that_is_no_run_is_named_by_the_kernels_list(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    with subprocess.Popen(["flock", "--no-fork", path, "sleep", "60"]) as holder:
        wait_until(lambda: lock.is_held(str(path)), 5, "nobody holds it")
        assert lock.stranger(str(path)).startswith(f"process {holder.pid} of ")
        holder.kill()
