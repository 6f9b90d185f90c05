"""The state of a server, looked at in real folders by the agent's own call."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from windlass.agent import ledger, lock
from windlass.agent.state import CALLS
from windlass.facts import Answer
from windlass.facts.state import State, parse, question
from windlass.layout import Layout
from windlass.past import Past

FIRST, SECOND, GONE = "0001-aaaaaaa", "0002-bbbbbbb", "0003-ccccccc"


class Server:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.layout = Layout(PurePosixPath(root))

    def has(self, *releases: str) -> None:
        for release in releases:
            folder = self.root / "releases" / release
            folder.mkdir(parents=True)
            (folder / "REVISION").write_text(release.rpartition("-")[2] * 5 + "\n")
            (folder / ".windlass-install").write_text(f"stamp of {release}\n")
        (self.root / "run").mkdir(exist_ok=True)

    def assign(self, slot: str, release: str) -> None:
        (self.root / f"run/slot-{slot}").symlink_to(f"../releases/{release}")

    def look(self, **options: Any) -> State:
        asked = question(self.layout, **options)
        return asked.parse(Answer(json.dumps(CALLS[asked.call](asked.arguments))))


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path / "srv")


def test_a_server_that_never_saw_the_app_has_nothing_of_it(server: Server) -> None:
    found = server.look()
    assert (found.slot, found.idle, found.live, found.current) == ("blue", "green", "", "")
    assert (found.releases, found.past, found.cloned, found.owner) == ((), Past(), False, "")
    assert (found.maintenance, found.stopped, found.standby) == (None, None, None)
    assert found.next_number() == 1
    assert found.disk_free > 0
    assert found.memory_available > 0
    assert not server.root.exists()


@pytest.mark.parametrize("flagged", [False, True])
def test_what_is_live_goes_by_the_flag(server: Server, flagged: bool) -> None:
    server.has(FIRST, SECOND)
    server.assign("blue", FIRST)
    server.assign("green", SECOND)
    (server.root / "current").symlink_to(f"releases/{FIRST}")
    if flagged:
        (server.root / "run/green").touch()
    found = server.look()
    assert found.slots == {"blue": FIRST, "green": SECOND}
    assert (found.slot, found.live) == (("green", SECOND) if flagged else ("blue", FIRST))
    assert found.live_revision == ("bbbbbbb" if flagged else "aaaaaaa") * 5
    assert (found.idle, found.current) == ("blue" if flagged else "green", FIRST)


def test_only_whole_releases_are_kept_ones_oldest_first(server: Server) -> None:
    server.has(SECOND, FIRST, ".0003-ccccccc.partial", "lost+found", "10000-eeeeeee", "9999-ddddddd")
    found = server.look()
    assert [kept.id for kept in found.releases] == [FIRST, SECOND, "9999-ddddddd", "10000-eeeeeee"]
    kept = found.release(FIRST)
    assert kept is not None
    assert (kept.revision, kept.stamp) == ("aaaaaaa" * 5, f"stamp of {FIRST}")
    assert found.release("0007-fffffff") is None


def test_the_next_release_is_numbered_past_all_that_ever_were(server: Server) -> None:
    server.has(FIRST)
    ledger.append(str(server.layout.ledger), {"event": "end", "release": "0041-fffffff"})
    ledger.append(str(server.layout.ledger), {"event": "note", "release": "x", "number": 99})
    assert server.look().next_number() == 42


def test_the_past_is_told_as_far_as_it_is_about_what_is_there(server: Server) -> None:
    server.has(FIRST)
    server.assign("blue", SECOND)
    path = str(server.layout.ledger)
    deploy = {"revision": "a" * 40, "was": "", "migrations": ["1_init"], "subject": "Begin", "env": 3}
    for release in (FIRST, SECOND, GONE):
        ledger.append(path, {"event": "start", "run": release, "release": release, **deploy})
        ledger.append(path, {"event": "live", "run": release, "live": {"release": release}})
        ledger.append(path, {"event": "end", "run": release, "release": release, "outcome": "done", "env": 3})
        ledger.append(path, {"event": "stable", "release": release})
    past = server.look().past
    assert (past.number, past.lived, past.stable) == (3, (FIRST, SECOND, GONE), (FIRST, SECOND))
    assert set(past.started_with) == set(past.built_with) == set(past.subjects) == {FIRST, SECOND}
    assert (past.deploys, past.revisions, past.unfinished) == ((), {}, ())
    past = server.look(deploys=True).past
    assert [deploy.release for deploy in past.deploys] == [FIRST, SECOND, GONE]
    assert set(past.revisions) == {FIRST, SECOND, GONE}


def test_flags_say_what_was_written_into_them(server: Server) -> None:
    server.has(FIRST)
    for flag, text in {"maintenance": "deploy 0002\n", "stopped": "by ana: fire\n", "standby": ""}.items():
        (server.root / "run" / flag).write_text(text)
    found = server.look()
    assert (found.maintenance, found.stopped, found.standby) == ("deploy 0002", "by ana: fire", "")


def test_of_the_env_only_names_and_its_version_are_told(server: Server) -> None:
    server.has(FIRST)
    assert server.look().env_version is None
    (server.root / "shared/.env.versions").mkdir(parents=True)
    (server.root / "shared/.env").write_text("SECRET=hunter2hunter2\nEMPTY=\n")
    (server.root / "shared/.env.versions/0007").write_text("SECRET=hunter2hunter2\nEMPTY=\n")
    arguments = question(server.layout).arguments
    assert "hunter2" not in json.dumps(CALLS["state"](arguments))
    found = server.look()
    assert (found.env_keys, found.env_version) == ({"SECRET", "EMPTY"}, 7)
    (server.root / "shared/.env").write_text("SECRET=hunter3hunter3\nEMPTY=\n")
    assert server.look().env_version == 0


def test_a_folder_that_nginx_cannot_enter_is_named(server: Server) -> None:
    server.has(FIRST)
    server.root.chmod(0o711)
    assert server.look().unenterable != str(server.root)
    server.root.chmod(0o750)
    assert server.look().unenterable == str(server.root)


def test_stamps_and_the_clone_are_told(server: Server) -> None:
    server.has(FIRST)
    (server.root / "workspace/.git").mkdir(parents=True)
    (server.root / "workspace/.git/windlass-install").write_text("stamp 1\n")
    found = server.look()
    assert (found.cloned, found.install_stamp, found.generate_stamp) == (True, "stamp 1", "")


def test_who_holds_the_lock_is_told(server: Server) -> None:
    server.has(FIRST)
    held = lock.Lock.take(str(server.layout.lock))
    assert held is not None
    held.say(who="ana@laptop", step="build")
    assert server.look().lock == {"held": True, "who": "ana@laptop", "step": "build"}
    held.release()
    assert server.look().lock == {"held": False}


def test_a_link_or_a_ledger_that_is_broken_is_no_error(server: Server) -> None:
    server.has(FIRST)
    server.assign("blue", "0009-fffffff")
    (server.root / "current").mkdir()
    server.root.joinpath("ledger.jsonl").write_bytes(b'\xff\n{"live": 7, "release": ["x"]}\n{"torn')
    found = server.look()
    assert (found.live, found.live_revision, found.current) == ("0009-fffffff", "", "")
    assert found.next_number() == 2


def test_whoever_looks_and_whose_the_app_is_are_told(server: Server) -> None:
    server.has(FIRST)
    found = server.look()
    assert found.user == found.owner != ""
    assert found.now > 1_700_000_000


def test_a_look_that_failed_is_no_state() -> None:
    with pytest.raises(ValueError, match="PermissionError"):
        parse(Answer("", "PermissionError: /srv", 1))
