"""What the lock's file says of its holder, and whether that can be believed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from windlass.agent import lock


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "lock")


def test_a_holder_is_known_by_what_it_said(path: str) -> None:
    held = lock.Lock.take(path)
    assert held is not None
    held.say(pid=42, who="ana@laptop", step="", since="2026-11-21T00:00:00Z")
    held.say(step="build")
    assert lock.holder(path) == {
        "pid": 42,
        "who": "ana@laptop",
        "step": "build",
        "since": "2026-11-21T00:00:00Z",
    }
    held.release()
    assert lock.holder(path) == {}


def test_the_file_is_written_in_place_and_keeps_its_size(path: str) -> None:
    held = lock.Lock.take(path)
    assert held is not None
    held.say(step="a long title " * 20)
    first = Path(path).stat()
    held.say(step="x")
    second = Path(path).stat()
    assert (first.st_ino, first.st_size) == (second.st_ino, second.st_size)
    assert lock.holder(path) == {"step": "x"}
    held.release()
    assert Path(path).stat().st_ino == first.st_ino


def test_a_holder_that_says_too_much_is_still_known(path: str) -> None:
    held = lock.Lock.take(path)
    assert held is not None
    for name in ("who", "what", "step"):
        held.say(**{name: '\N{ANCHOR}\udc80"' * 3000})
    held.say(pid=42)
    assert lock.holder(path)["pid"] == 42
    assert lock.holder(path)["step"].startswith("\N{ANCHOR}")


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\0" * 2048, b"\xff\xfe", b"null", b" \n"])
def test_a_file_that_says_nothing_readable_names_nobody(path: str, content: bytes) -> None:
    Path(path).write_bytes(content)
    assert lock.holder(path) == {}
    assert not lock.is_held(path)


def test_a_file_that_is_not_there_is_held_by_nobody(path: str) -> None:
    assert not lock.is_held(path)
    assert lock.holder(path) == {}
    assert not Path(path).exists()


def test_what_a_dead_holder_said_stays_to_be_seen(path: str) -> None:
    text = (
        "import sys, os; sys.path.insert(0, sys.argv[1]); from windlass.agent import lock\n"
        "lock.Lock.take(sys.argv[2]).say(pid=os.getpid(), step='build'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", text, str(Path(__file__).parents[3]), path], check=False)
    assert not lock.is_held(path)
    assert lock.holder(path)["step"] == "build"


def test_a_boot_has_one_name() -> None:
    assert lock.boot_id() == lock.boot_id()
    assert len(lock.boot_id()) == 36


def test_children_do_not_inherit_the_lock(path: str) -> None:
    held = lock.Lock.take(path)
    assert held is not None
    child = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        held.release()
        assert not lock.is_held(path)
    finally:
        child.kill()
        child.wait()
