"""A backup as a real bash makes it; PostgreSQL's programs are stand-ins (the test hosts have the real ones)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests.support.processes import Completed
from tests.unit.bash import bash
from windlass.commands import backups, postgres
from windlass.facts.backups import parse, question
from windlass.layout import Layout
from windlass.question import Answer

PSQL = """#!/bin/bash
# Not psql: it knows one database's size and one version.
[ "$DUMP" != down ] || { echo "connection refused" >&2; exit 2; }
printf '%s\\n' "$SIZE" '15.14 (Debian 15.14-0+deb12u1)'
"""
PG_DUMP = """#!/bin/bash
# Not pg_dump: it writes what it is told to, into the file named last.
printf '%s' "$DUMP" >"${@: -1}"
echo "pg_dump $*" >>"$ASKED"
[ "$DUMP" != cut ]
"""
PG_RESTORE = """#!/bin/bash
# Not pg_restore: it can list what is not empty.
[ "$1" = --list ] && [ -s "$2" ]
"""
WHY = """deploy "0002"; it's 100% %s\\n"""


class Server:
    def __init__(self, folder: Path) -> None:
        self.layout = Layout(PurePosixPath(folder / "it's"))
        self.backups = Path(self.layout.backups)
        self.asked = folder / "asked"
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name, text in {"psql": PSQL, "pg_dump": PG_DUMP, "pg_restore": PG_RESTORE}.items():
            (self.bin / name).write_text(text)
            (self.bin / name).chmod(0o755)

    def back_up(self, dump: str, name: str = "0002-bbbbbbb", size: int = 7_000_000) -> Completed:
        command = postgres.backup(self.layout.backup(name), release="0001-aaaaaaa", why=WHY)
        path = f"{self.bin}:/usr/bin:/bin"
        return bash(command, env={"PATH": path, "DUMP": dump, "SIZE": str(size), "ASKED": str(self.asked)})

    def files(self) -> list[str]:
        return sorted(path.name for path in self.backups.iterdir())

    def about(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.backups / "0002-bbbbbbb.json").read_text())
        return found


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def test_a_backup_that_can_be_read_gets_its_name_and_says_what_it_is(server: Server) -> None:
    server.back_up("tables").check()
    assert server.files() == ["0002-bbbbbbb.dump", "0002-bbbbbbb.json"]
    about = server.about()
    assert about.pop("created") <= about.pop("verified")
    assert about == {
        "name": "0002-bbbbbbb", "release": "0001-aaaaaaa", "why": WHY, "version": "15.14",
        "database": 7_000_000, "bytes": 6, "sha256": hashlib.sha256(b"tables").hexdigest(),
    }  # fmt: skip


def test_what_was_written_is_what_is_listed(server: Server) -> None:
    server.back_up("tables").check()
    (backup,) = parse(Answer(bash(question(server.layout).command).check().stdout))
    assert (backup.name, backup.bytes, backup.release, backup.why) == (
        "0002-bbbbbbb", 6, "0001-aaaaaaa", WHY,
    )  # fmt: skip
    assert backup.verified is not None
    assert backup.verified >= backup.created


def test_only_their_owner_reads_backups(server: Server) -> None:
    server.back_up("tables").check()
    for path in (server.backups, *server.backups.iterdir()):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("dump", ["cut", "", "down"])
def test_a_backup_that_failed_or_cannot_be_read_does_not_look_like_one(server: Server, dump: str) -> None:
    assert server.back_up(dump).exit_code != 0
    assert [name for name in server.files() if not name.endswith(".partial")] == []
    bash(backups.sweep(server.layout)).check()
    assert server.files() == []


def test_a_backup_after_one_that_was_cut_off_is_whole_and_leaves_nothing_of_it(server: Server) -> None:
    server.back_up("cut", "0001-aaaaaaa")
    server.back_up("tables").check()
    assert server.files() == ["0002-bbbbbbb.dump", "0002-bbbbbbb.json"]


def test_nothing_is_dumped_where_the_database_may_not_fit(server: Server) -> None:
    done = server.back_up("tables", size=10**17)
    assert done.exit_code == 1
    assert "no room for a backup: the database takes 95367431640 MiB" in done.stderr
    assert not server.asked.exists()


def test_nobody_is_asked_for_a_password_and_the_format_can_be_restored_in_part(server: Server) -> None:
    server.back_up("tables").check()
    assert {"--no-password", "--format=custom"} <= set(server.asked.read_text().split())


def test_a_backup_is_removed_by_its_name_and_no_other(server: Server) -> None:
    server.back_up("tables").check()
    server.back_up("tables", "20261122-040000").check()
    bash(backups.remove(server.layout, ["0002-bbbbbbb"])).check()
    assert server.files() == ["20261122-040000.dump", "20261122-040000.json"]
