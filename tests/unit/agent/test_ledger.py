"""The ledger on a real disk: torn lines, a disk without room, readers in between."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.processes import Completed, run
from tests.support.tiers import require
from windlass.agent import history, ledger

CHECKOUT = Path(__file__).parents[3]
IMPORT = "import sys; sys.path.insert(0, sys.argv[1]); from windlass.agent import history, ledger, reserve\n"


def read(path: str) -> list[dict[str, Any]]:
    """Every record, oldest first."""
    return history.history({"ledger": path, "runs": 1_000_000})


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "ledger.jsonl")


def test_records_are_read_in_the_order_in_which_they_were_written(path: str) -> None:
    for number in range(3):
        ledger.append(path, {"number": number, "text": "it's „both“\nlines"})
    found = read(path)
    assert [record["number"] for record in found] == [0, 1, 2]
    assert found[0]["text"] == "it's „both“\nlines"
    assert len(Path(path).read_bytes().splitlines()) == 3


def test_a_record_has_the_servers_time_in_utc_unless_it_brings_its_own(path: str) -> None:
    ledger.append(path, {})
    ledger.append(path, {"time": "2026-11-21T00:00:00Z"})
    stamp, own = (record["time"] for record in read(path))
    at = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert len(stamp) == len("2026-11-21T00:00:00.123Z")
    assert abs((datetime.now(UTC) - at).total_seconds()) < 60
    assert own == "2026-11-21T00:00:00Z"


def test_there_are_no_records_where_there_is_no_ledger(path: str) -> None:
    assert read(path) == []


def test_a_torn_last_line_is_left_out_and_closed_by_the_next_record(path: str) -> None:
    ledger.append(path, {"number": 1})
    torn = Path(path).read_bytes() + b'{"number": 2, "te'
    Path(path).write_bytes(torn)
    assert [record["number"] for record in read(path)] == [1]
    ledger.append(path, {"number": 3})
    assert [record["number"] for record in read(path)] == [1, 3]
    assert Path(path).read_bytes().startswith(torn + b"\n")


@pytest.mark.parametrize("size", range(0, 60, 7))
def test_wherever_a_line_is_torn_the_others_are_read(path: str, size: int) -> None:
    ledger.append(path, {"number": 1})
    whole = Path(path).read_bytes()
    ledger.append(path, {"number": 2})
    Path(path).write_bytes(Path(path).read_bytes()[: len(whole) + min(size, len(whole) - 2)])
    ledger.append(path, {"number": 3})
    assert [record["number"] for record in read(path)] == [1, 3]


@given(junk=st.lists(st.binary(max_size=40), max_size=5))
def test_lines_that_are_no_records_are_left_out(
    tmp_path_factory: pytest.TempPathFactory, junk: list[bytes]
) -> None:
    path = str(tmp_path_factory.mktemp("ledger") / "ledger.jsonl")
    lines = [*junk, b"[1]", b'"text"', b"null", b'{"event": "end", "number": 7}']
    Path(path).write_bytes(b"\n".join(lines))
    assert read(path)[-1]["number"] == 7
    assert all(isinstance(record, dict) for record in read(path))


def test_a_reader_sees_whole_records_only_while_they_are_written(path: str) -> None:
    ledger.append(path, {"number": 0})
    done = threading.Event()

    def write() -> None:
        for number in range(1, 60):
            ledger.append(path, {"number": number, "text": "x" * 500})
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = [0]
    while not done.is_set():
        numbers = [record["number"] for record in read(path)]
        assert numbers == list(range(len(numbers)))
        seen.append(len(numbers))
    writer.join()
    assert seen == sorted(seen)
    assert len(read(path)) == 60


def test_a_record_that_does_not_fit_leaves_the_ledger_as_it_was(path: str) -> None:
    ledger.append(path, {"number": 1})
    before = Path(path).read_bytes()
    limited = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before) + 20},) * 2)\n"
        "try:\n    ledger.append(sys.argv[2], {'number': 2, 'text': 'x' * 500})\n"
        "except OSError as error:\n    print(error.strerror)\n"
    )
    words = [sys.executable, "-c", IMPORT + limited, str(CHECKOUT), path]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "File too large\n"
    assert Path(path).read_bytes() == before


def on_a_small_disk(tmp_path: Path, text: str) -> Completed:
    """Python on a small file system of its own, its folder in argv[2]; in a mount namespace that ends with it."""
    alone = ["unshare", "--map-root-user", "--mount"]
    require(run([*alone, "true"]).exit_code == 0, "mounting in a namespace of one's own is not allowed")
    mount = 'mount -t tmpfs -o size=24m tmpfs "$3" && exec "$0" -c "$1" "$2" "$3"'
    words = ["bash", "-c", mount, sys.executable, IMPORT + FILL + text, str(CHECKOUT), str(tmp_path)]
    return run([*alone, *words], timeout=30).check()


FILL = """
import os
root = sys.argv[2]
paths = {"reserve": root + "/reserve"}
path = root + "/ledger.jsonl"
def fill():
    with open(root + "/filling", "wb", buffering=0) as file:
        try:
            while file.write(bytes(65536)): pass
        except OSError: pass
    with open(root + "/rest", "wb", buffering=0) as file:
        try:
            while file.write(bytes(1)): pass
        except OSError: pass
"""


def test_on_a_full_disk_the_room_kept_back_lets_the_ledger_be_written(tmp_path: Path) -> None:
    told = on_a_small_disk(
        tmp_path,
        """
reserve.keep(paths)
ledger.append(path, {"number": 1, "text": "x" * 4000})
print(reserve.use(paths), os.path.exists(paths["reserve"]))
fill()
try: ledger.append(path, {"number": 2, "text": "x" * 8000})
except OSError as error: print(error.strerror)
print(reserve.use(paths), os.path.exists(paths["reserve"]))
ledger.append(path, {"number": 3, "text": "x" * 8000})
print([record["number"] for record in history.history({"ledger": path, "runs": 9})])
reserve.keep(paths)
print(os.path.exists(paths["reserve"]), reserve.use(paths))
os.unlink(root + "/filling")
reserve.keep(paths)
print(os.path.exists(paths["reserve"]))
""",
    )
    assert told.stdout.splitlines() == [
        "False True",
        "No space left on device",
        "True False",
        "[1, 3]",
        "False False",
        "True",
    ]


def test_a_ledger_is_text_that_a_person_can_read(path: str) -> None:
    ledger.append(path, {"event": "end", "subject": "Größe"})
    line = Path(path).read_text()
    assert "Größe" in line
    assert json.loads(line)["event"] == "end"
