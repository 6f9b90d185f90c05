"""The ledger's rotation behind its digest: nothing is lost and nothing counted twice, wherever it is cut short."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests.support.local_agent import Conversation
from tests.unit.agent.test_ledger import CHECKOUT, IMPORT, on_a_small_disk
from tests.unit.made import went_well
from windlass.agent import digest, history, ledger, past
from windlass.agent.digest import LARGEST
from windlass.agent.state import CALLS
from windlass.layout import Layout
from windlass.ledger import runs

LIVE = "0002-bbbbbbb"


class Server:
    """A folder with a ledger, and all records that were ever written to it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.paths = Layout(PurePosixPath(root)).paths()
        self.ledger = root / "ledger.jsonl"
        self.folder = root / "ledger"
        self.told: list[dict[str, Any]] = []
        (root / "run").mkdir(parents=True)
        for release in ("0001-aaaaaaa", LIVE):
            (root / "releases" / release).mkdir(parents=True)
            self.go_live(release)

    def tell(self, *records: dict[str, Any]) -> None:
        lines = [{"time": "2026-11-21T00:00:00Z", **record} for record in records]
        with self.ledger.open("a") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
        self.told += lines

    def go_live(self, release: str, before: str = "", **fields: Any) -> None:
        """A run of its own with which the release goes live."""
        run = f"{release} after {before}"
        self.tell(*({**record, "run": run} for record in went_well(release, before, env=1, **fields)))

    def back_up(self, times: int, name: str = "b") -> None:
        """So many backups about the live release, and a deploy that failed among them."""
        last = max(past.number(str(record.get("release", ""))) for record in self.told)
        for place in range(times):
            about = {
                "run": f"{name}{place}",
                "who": "ana@laptop",
                "what": "db.backup",
                "live": {"release": LIVE},
            }
            number = (
                {"release": f"{last + 1:04d}-fffffff"}
                if place == times // 2
                else {"backup": "20261121-000000"}
            )
            self.tell({"event": "start", **about, **number})
            self.tell(
                {"event": "end", "outcome": "failed" if place == times // 2 else "done", **about, **number}
            )

    def grow(self, name: str = "b") -> None:
        """Enough records to have the ledger rotated."""
        self.back_up(LARGEST // 200, name)
        assert self.ledger.stat().st_size > LARGEST

    def rotate(self) -> None:
        digest.rotate(self.paths)

    def past(self) -> dict[str, Any]:
        return past.pruned(digest.past(str(self.ledger)), {"0001-aaaaaaa", LIVE})

    def whole(self) -> dict[str, Any]:
        """What all that was ever told comes to."""
        found = past.blank()
        for record in self.told:
            past.add(found, record)
        return past.pruned(found, {"0001-aaaaaaa", LIVE})

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir()) if self.folder.exists() else []


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path / "srv")


def test_a_small_ledger_is_left_alone(server: Server) -> None:
    server.back_up(20)
    server.rotate()
    assert server.files() == []
    assert server.past() == server.whole()


def test_a_large_one_is_rotated_and_the_past_stays_what_it_was(server: Server) -> None:
    for place, name in enumerate(("b", "c", "d"), start=1):
        server.grow(name)
        before = server.ledger.read_bytes()
        server.rotate()
        rotated = server.folder / f"{place:06d}.jsonl"
        assert rotated.read_bytes() == before
        assert server.past() == server.whole()
        server.back_up(3, name * 2)
        assert server.past() == server.whole()
    assert server.past()["number"] == 8


def test_a_release_that_failed_before_many_backups_keeps_its_number(server: Server) -> None:
    server.tell({"event": "end", "run": "x", "release": "0059-fffffff", "outcome": "failed"})
    for name in ("b", "c"):
        server.grow(name)
        server.rotate()
    shutil.rmtree(server.root / "releases")
    assert digest.past(str(server.ledger))["number"] >= 59


def nothing(server: Server) -> None:
    """It was not cut short."""


def before_the_rename(server: Server) -> None:
    """The digest is written, and the ledger was not moved."""
    (server.folder / "000001.jsonl").rename(server.ledger)


def within_the_digest(server: Server) -> None:
    """Half of the digest is written beside its place, and nothing else was done."""
    before_the_rename(server)
    half = (server.folder / "digest.json").read_bytes()[:100]
    (server.folder / "digest.json").unlink()
    (server.folder / "digest.json.next").write_bytes(half)


def without_a_digest(server: Server) -> None:
    """Somebody removed it."""
    (server.folder / "digest.json").unlink()


def with_a_broken_digest(server: Server) -> None:
    (server.folder / "digest.json").write_text('{"form": 1, "past')


def with_a_digest_of_another_version(server: Server) -> None:
    (server.folder / "digest.json").write_text('{"form": 99}')


@pytest.mark.parametrize(
    "cut",
    [
        nothing, before_the_rename, within_the_digest, without_a_digest, with_a_broken_digest,
        with_a_digest_of_another_version,
    ],
)  # fmt: skip
def test_wherever_a_rotation_is_cut_short_nothing_is_lost_and_nothing_counts_twice(
    server: Server, cut: Callable[[Server], None]
) -> None:
    server.grow()
    server.rotate()
    cut(server)
    assert server.past() == server.whole()
    # What is live changes after it: a record that counted twice would say that it changed more often.
    server.go_live("0001-aaaaaaa", LIVE, rolled_from=LIVE)
    assert server.past() == server.whole()
    server.grow("c")
    server.rotate()
    assert server.past() == server.whole()
    assert read(server, 1_000_000) == server.told


def test_an_older_digest_is_as_right_as_the_newest(server: Server) -> None:
    server.grow()
    server.rotate()
    older = (server.folder / "digest.json").read_bytes()
    server.go_live("0001-aaaaaaa", LIVE, rolled_from=LIVE)
    server.grow("c")
    server.rotate()
    server.grow("d")
    (server.folder / "digest.json").write_bytes(older)
    assert server.past() == server.whole()


@pytest.mark.parametrize(
    "torn", [b'{"event": "end", "run": "t', b'{"event": "end", "release": "0099-fffffff"}']
)
def test_a_torn_last_line_counts_once_it_is_closed_wherever_the_file_is_by_then(
    server: Server, torn: bytes
) -> None:
    server.grow()
    with server.ledger.open("ab") as file:
        file.write(torn)
    server.rotate()
    assert server.past() == server.whole()
    ledger.append(str(server.ledger), {"event": "note"})
    assert server.past() == server.whole()


def test_where_the_ledger_was_replaced_by_hand_the_new_one_is_read_from_its_beginning(server: Server) -> None:
    server.grow()
    server.rotate()
    before_the_rename(server)
    server.ledger.write_text('{"event": "end", "release": "0777-fffffff", "outcome": "failed"}\n')
    assert digest.past(str(server.ledger))["number"] == 777


def test_rotated_files_that_somebody_removed_are_in_the_digest(server: Server) -> None:
    for name in ("b", "c"):
        server.grow(name)
        server.rotate()
    for name in ("000001.jsonl", "000002.jsonl"):
        (server.folder / name).unlink()
    server.go_live("0001-aaaaaaa", LIVE, rolled_from=LIVE)
    assert server.past() == server.whole()
    server.grow("d")
    server.rotate()
    assert server.past() == server.whole()


def test_of_the_rotated_files_only_the_newest_are_kept_and_the_past_stays_what_it_was(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "KEPT", 2)
    (server.folder).mkdir()
    left_by_a_killed_look = server.folder / "digest.abc.next"
    left_by_a_killed_look.touch()
    os.utime(left_by_a_killed_look, (0, 0))
    for name in ("b", "c", "d", "e"):
        server.grow(name)
        server.rotate()
        assert server.past() == server.whole()
    assert server.files() == ["000003.jsonl", "000004.jsonl", "digest.json"]
    server.go_live("0001-aaaaaaa", LIVE, rolled_from=LIVE)
    assert server.past() == server.whole()
    assert read(server, 1_000_000) == server.told[-len(read(server, 1_000_000)) :]
    (server.folder / "digest.json").unlink()
    assert server.past()["number"] == server.whole()["number"]


def look(server: Server) -> Any:
    """What the state says of the past: nobody holds the lock meanwhile."""
    return CALLS["state"]({**server.paths, "deploys": True})["past"]


def test_a_look_at_a_ledger_that_nobody_has_rotated_reads_it_only_once(server: Server) -> None:
    for name in ("b", "c", "d"):
        server.grow(name)
    first = look(server)
    assert server.files() == ["digest.json"]
    assert server.past() == server.whole()
    kept = json.loads((server.folder / "digest.json").read_bytes())
    assert kept["end"] == server.ledger.stat().st_size
    before = (server.folder / "digest.json").stat().st_mtime_ns
    assert look(server) == first
    assert (server.folder / "digest.json").stat().st_mtime_ns == before
    server.go_live("0001-aaaaaaa", LIVE, rolled_from=LIVE)
    server.rotate()
    assert server.past() == server.whole()


def test_what_a_look_has_read_counts_once_though_somebody_removed_the_rotated_files(server: Server) -> None:
    server.grow()
    server.rotate()
    server.go_live("0001-aaaaaaa", LIVE, rolled_from=LIVE)
    server.go_live(LIVE, "0001-aaaaaaa", rolled_from="0001-aaaaaaa")
    server.grow("c")
    look(server)
    (server.folder / "000001.jsonl").unlink()
    assert server.past() == server.whole()


def test_a_look_leaves_what_belongs_to_somebody_else_alone(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.grow()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    look(server)
    assert server.files() == []


def come_in(server: Server) -> None:
    """Open a locked visit, and leave."""
    conversation = Conversation(server.root)
    try:
        conversation.visit.open(conversation.opening)
    finally:
        conversation.visit.close()


def test_whoever_takes_the_lock_rotates_a_ledger_that_is_large(server: Server) -> None:
    server.grow()
    come_in(server)
    assert server.files() == ["000001.jsonl", "digest.json"]
    assert server.past() == server.whole()


def test_a_ledger_that_cannot_be_rotated_keeps_nobody_out(server: Server) -> None:
    server.grow()
    server.folder.touch()
    come_in(server)
    assert server.past() == server.whole()


def test_a_run_that_died_is_found_however_often_the_ledger_was_rotated_since(server: Server) -> None:
    server.tell({"event": "start", "run": "died", "release": "0003-ccccccc", "what": "deploy"})
    for name in ("b", "c"):
        server.grow(name)
        server.rotate()
    assert [record["run"] for record in server.past()["open"].values()] == ["died"]
    server.tell({"event": "end", "run": "died", "outcome": "interrupted"})
    assert server.past()["open"] == {}


WRITE = (
    IMPORT
    + """
from windlass.agent import digest
paths = {"ledger": sys.argv[2], "root": "/nowhere", "releases": "/nowhere", "slots": {}}
for number in range(1, 1500):
    ledger.append(sys.argv[2], {"event": "end", "release": f"{number:04d}-fffffff", "text": "x" * 50_000})
    digest.rotate(paths)
"""
)


def test_a_reader_sees_all_that_was_written_while_the_ledger_is_rotated(tmp_path: Path) -> None:
    path, trouble, at_least, looks = str(tmp_path / "ledger.jsonl"), list[str](), 0, 0
    with subprocess.Popen([sys.executable, "-c", WRITE, str(CHECKOUT), path]) as writer:
        while writer.poll() is None:
            found = digest.past(path)["number"]
            newest = [
                past.number(record["release"]) for record in history.history({"ledger": path, "runs": 5})
            ]
            if found < at_least or newest != list(
                range(newest[0], newest[0] + len(newest)) if newest else ()
            ):
                trouble.append(f"{found} after {at_least}, and {newest}")
            at_least, looks = max(at_least, found, *newest), looks + 1
    assert writer.returncode == 0
    assert trouble == []
    assert digest.past(path)["number"] == 1499
    assert looks > 20


def test_on_a_full_disk_the_ledger_stays_where_it_is(tmp_path: Path) -> None:
    told = on_a_small_disk(
        tmp_path,
        """
from windlass.agent import digest
from windlass.layout import Layout
paths = Layout(__import__("pathlib").PurePosixPath(root)).paths()
for number in range(40):
    ledger.append(path, {"event": "end", "release": f"{number:04d}-fffffff", "text": "x" * 4000})
fill()
try: digest.rotate(paths)
except OSError as error: print(error.strerror)
print(os.path.exists(path), digest.past(path)["number"])
os.unlink(root + "/filling")
digest.rotate(paths)
print(os.path.exists(path), digest.past(path)["number"], sorted(os.listdir(root + "/ledger")))
""",
    )
    assert told.stdout.splitlines() == [
        "No space left on device",
        "True 39",
        "False 39 ['000001.jsonl', 'digest.json']",
    ]


def read(server: Server, count: int) -> list[dict[str, Any]]:
    return history.history({"ledger": str(server.ledger), "runs": count})


def test_the_last_runs_are_told_from_whichever_files_they_are_in(server: Server) -> None:
    server.tell({"event": "start", "run": "long", "what": "deploy"})
    server.back_up(3)
    server.tell({"event": "stable", "run": "mark", "release": LIVE})
    server.tell({"event": "end", "run": "long", "outcome": "interrupted"})
    server.back_up(2, "c")
    lines = server.ledger.read_text().splitlines(keepends=True)
    for place in range(len(lines) + 1):
        server.folder.mkdir(exist_ok=True)
        (server.folder / "000001.jsonl").write_text("".join(lines[: place // 2]))
        (server.folder / "000002.jsonl").write_text("".join(lines[place // 2 : place]))
        server.ledger.write_text("".join(lines[place:]))
        for count in range(1, 12):
            assert runs(read(server, count))[-count:] == runs(server.told)[-count:]


def test_lines_of_any_length_are_read_backwards(server: Server) -> None:
    texts = [size * "ä" for size in (0, 1, 70_000, 32_768, 32_767, 200_000, 5)]
    server.tell(*({"event": "note", "text": text} for text in texts))
    assert read(server, 1_000) == server.told


def work(server: Server) -> tuple[int, int]:
    """The bytes that the question for the state reads, and those of its answer."""

    def so_far() -> int:
        return int(Path("/proc/thread-self/io").read_text().split()[1])

    before = so_far()
    answer = CALLS["state"](server.paths)
    return so_far() - before, len(json.dumps(answer))


def test_with_200_000_records_the_state_is_asked_with_no_more_work_than_with_ten(server: Server) -> None:
    """Ten, and then so many that the file that is written is just not rotated; then as many again as years make."""
    server.back_up(5)
    read_of_ten, told_of_ten = work(server)
    text = server.ledger.read_text()
    about = '"run": "y%d", "who": "ana@laptop", "what": "db.backup", "live": {"release": "0002-bbbbbbb"}}\n'
    with server.ledger.open("w") as file:
        file.write(text)
        for place in range(100_000):
            file.write('{"time": "2026-11-21T00:00:00Z", "event": "start", ' + about % place)
            file.write('{"time": "2026-11-21T00:00:00Z", "event": "end", "outcome": "done", ' + about % place)
    began = time.process_time()
    server.rotate()
    print(f"digested once in {time.process_time() - began:.2f} s")
    read_of_many, told_of_many = work(server)
    assert read_of_many < read_of_ten + 4096
    assert told_of_many <= told_of_ten + 16
    server.ledger.write_text("".join('{"event": "note"}\n' for _ in range(LARGEST // 18 - 1)))
    server.rotate()
    assert work(server)[0] < read_of_ten + LARGEST + 4096
