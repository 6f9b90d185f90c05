"""The versions of `.env` on a real disk: kept, numbered, adopted, pruned, and told as digests only."""

from __future__ import annotations

import json
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests.support.local_agent import Conversation
from tests.support.processes import run
from windlass.agent import ledger, versions
from windlass.errors import StepFailed
from windlass.layout import Layout
from windlass.plan import Plan, Stage, Step
from windlass.shell import Command

CHECKOUT = Path(__file__).parents[3]
SECRET = "A='hunter2 \"the\" $value'\n"
RELEASE = "0001-abc1234"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("run", "releases", "logs", "shared/.env.versions"):
        (tmp_path / "app" / folder).mkdir(parents=True)
    return tmp_path / "app"


@pytest.fixture
def paths(root: Path) -> dict[str, Any]:
    return Layout(PurePosixPath(root)).paths()


@pytest.fixture
def converse(root: Path) -> Iterator[Callable[[], Conversation]]:
    opened: list[Conversation] = []

    def start() -> Conversation:
        opened.append(Conversation(root, what="env.push"))
        return opened[-1].open()

    yield start
    for conversation in opened:
        conversation.wire.close()
        conversation.wire.process.wait(30)


def kept(root: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted((root / "shared/.env.versions").iterdir())}


def send(
    conversation: Conversation,
    number: int | None,
    text: str,
    adopt: int | None = None,
    keeps: list[str] | None = None,
) -> None:
    content = b64encode(text.encode()).decode()
    conversation.visit.send("env", adopt=adopt, number=number, content=content, keeps=keeps or [])
    conversation.visit.expect("kept")


def test_what_is_sent_is_kept_for_the_owner_alone_and_written_nowhere_else(
    root: Path, converse: Callable[[], Conversation]
) -> None:
    conversation = converse()
    send(conversation, 3, SECRET)
    assert kept(root) == {"0003": SECRET}
    assert (root / "shared/.env.versions/0003").stat().st_mode & 0o777 == 0o600
    assert not (root / "shared/.env").exists()
    conversation.visit.start(
        Plan("P", (Stage("s", (Step("tell", Command(f"cat {root}/shared/.env.v*/*")),)),))
    )
    conversation.visit.go("s")
    conversation.visit.expect("end")
    assert conversation.output() == ["A='********'"]
    others = [path for path in root.rglob("*") if path.is_file() and path.name != "0003"]
    assert not any("hunter2" in path.read_text() for path in others)


def test_an_env_that_somebody_edited_is_kept_first(root: Path, converse: Callable[[], Conversation]) -> None:
    (root / "shared/.env").write_text("BY=hand\n")
    send(converse(), 2, SECRET, adopt=1)
    assert kept(root) == {"0001": "BY=hand\n", "0002": SECRET}


def test_what_a_killed_agent_had_begun_to_write_goes(
    root: Path, converse: Callable[[], Conversation]
) -> None:
    (root / "shared/.env.versions/0003.next").write_text("A=half")
    send(converse(), 4, SECRET)
    assert kept(root) == {"0004": SECRET}


def test_a_version_that_does_not_fit_leaves_nothing(root: Path, paths: dict[str, Any]) -> None:
    (root / "shared/.env").write_text("A=" + "x" * 5000)
    limited = (
        "import json, resource, sys\n"
        "from windlass.agent import versions\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    versions.adopt(json.loads(sys.argv[1]))\n"
        "except OSError as error:\n    print(error.strerror)\n"
    )
    done = run([sys.executable, "-c", limited, json.dumps(paths)], cwd=CHECKOUT).check()
    assert done.stdout == "File too large\n"
    assert kept(root) == {}


def test_a_version_that_cannot_be_written_is_said_and_leaves_nothing(
    root: Path, converse: Callable[[], Conversation]
) -> None:
    conversation = converse()
    (root / "shared/.env.versions").rmdir()
    (root / "shared/.env.versions").touch()
    with pytest.raises(StepFailed, match="the present one is as it was"):
        send(conversation, 1, SECRET)


def test_the_present_version_is_known_by_its_content(root: Path, paths: dict[str, Any]) -> None:
    env, folder = root / "shared/.env", root / "shared/.env.versions"
    assert versions.present(paths) is None
    (folder / "0001").write_text("A=1\n")
    (folder / "0002").write_text("A=2\n")
    for text, number in {"A=1\n": 1, "A=2\n": 2, "A=3\n": 0, "A=2": 0}.items():
        env.write_text(text)
        assert versions.present(paths) == number


def test_an_env_that_a_release_is_started_with_becomes_a_version(root: Path, paths: dict[str, Any]) -> None:
    assert versions.adopt(paths) is None
    (root / "shared/.env").write_text("A=1\n")
    assert (versions.adopt(paths), versions.adopt(paths)) == (1, 1)
    (root / "shared/.env").write_text("A=2\n")
    assert versions.adopt(paths) == 2
    assert kept(root) == {"0001": "A=1\n", "0002": "A=2\n"}


def test_a_number_that_the_ledger_knows_is_never_given_again(root: Path, paths: dict[str, Any]) -> None:
    ledger.append(paths["ledger"], {"event": "end", "env": 7})
    ledger.append(paths["ledger"], {"event": "end", "env": "old"})
    (root / "shared/.env").write_text("A=1\n")
    assert versions.adopt(paths) == 8


def test_a_run_of_a_release_says_with_which_version(root: Path, converse: Callable[[], Conversation]) -> None:
    (root / "shared/.env").write_text(SECRET)
    conversation = converse()
    (root / "releases" / RELEASE).mkdir()
    flip = Command(f"ln -s ../releases/{RELEASE} {root}/run/slot-blue")
    stage = Stage("cutover", (Step("flip", flip),))
    conversation.visit.start(Plan("Deploy", (stage,), record={"release": RELEASE}))
    conversation.visit.go("cutover")
    conversation.visit.expect("end")
    records = [json.loads(line) for line in (root / "ledger.jsonl").read_text().splitlines()]
    assert [(record["event"], record["env"]) for record in records] == [("start", 1), ("live", 1), ("end", 1)]
    assert kept(root) == {"0001": SECRET}


def test_old_versions_go_but_not_the_present_one_nor_a_kept_releases(
    root: Path, paths: dict[str, Any], converse: Callable[[], Conversation]
) -> None:
    for number in range(1, versions.KEPT + 6):
        (root / f"shared/.env.versions/{number:04d}").write_text(f"A={number}\n")
    (root / "shared/.env").write_text("A=2\n")
    (root / "releases" / RELEASE).mkdir()
    ledger.append(paths["ledger"], {"event": "start", "release": RELEASE, "env": 4})
    ledger.append(paths["ledger"], {"event": "start", "release": "0002-gone000", "env": 3})
    send(converse(), 99, "A=99\n")
    assert [int(name) for name in kept(root)] == [2, 4, *range(7, versions.KEPT + 6), 99]


def test_values_are_told_as_digests_that_another_command_cannot_make(
    root: Path, paths: dict[str, Any]
) -> None:
    (root / "shared/.env").write_text("A=same\nB=same\nC=other\nD=\n")
    (root / "shared/.env").chmod(0o640)
    (root / "shared/.env.versions/0001").write_text("A=same\n")
    first, second = (versions.look({**paths, "salt": salt}) for salt in ("one", "two"))
    told = first["variables"]
    assert told["A"] == told["B"] != told["C"]
    assert first["versions"][0]["variables"]["A"] == told["A"]
    assert not set(told.values()) & set(second["variables"].values())
    assert (first["version"], first["next"], first["empty"], first["private"]) == (0, 2, ["D"], False)
    assert "same" not in json.dumps(first)


def test_where_there_is_no_env_there_is_nothing_to_tell(tmp_path: Path) -> None:
    paths = Layout(PurePosixPath(tmp_path / "nowhere")).paths()
    found = versions.look({**paths, "salt": "s"})
    assert (found["version"], found["variables"], found["versions"], found["next"]) == (None, {}, [], 1)
    assert not (tmp_path / "nowhere").exists()


def test_the_servers_own_line_is_added_to_what_is_sent_as_it_stands_there(
    root: Path, converse: Callable[[], Conversation]
) -> None:
    own = 'DATABASE_URL="postgresql://shop:it\'s$ecret@127.0.0.1/shop"'
    (root / "shared/.env").write_text(f"OLD=1\nexport {own} # setup's\n")
    send(converse(), 1, "NEW=2", keeps=["DATABASE_URL"])
    assert kept(root) == {"0001": f"NEW=2\nexport {own} # setup's\n"}
