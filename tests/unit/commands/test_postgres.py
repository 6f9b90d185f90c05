"""A backup as a real bash makes it; pg_dump and pg_restore are stand-ins (the test hosts have the real ones)."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath

import pytest

from tests.support.processes import Completed, run
from tests.unit.bash import bash
from windlass.commands import postgres

PG_DUMP = """#!/bin/bash
# Not pg_dump: it writes what it is told to.
for word; do case $word in /*) printf '%s' "$DUMP" >"$word" ;; esac; done
echo "pg_dump $*" >>"$ASKED"
[ "$DUMP" != cut ]
"""
PG_RESTORE = """#!/bin/bash
# Not pg_restore: it can list what is not empty.
[ "$1" = --list ] && [ -s "$2" ]
"""


class Server:
    def __init__(self, folder: Path) -> None:
        self.asked = folder / "asked"
        self.backups = folder / "it's/backups"
        self.dump = self.backups / "0002-bbbbbbb.dump"
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name, text in {"pg_dump": PG_DUMP, "pg_restore": PG_RESTORE}.items():
            (self.bin / name).write_text(text)
            (self.bin / name).chmod(0o755)

    def back_up(self, dump: str) -> Completed:
        environment = {"PATH": f"{self.bin}:/usr/bin:/bin", "DUMP": dump, "ASKED": str(self.asked)}
        return bash(postgres.backup(PurePosixPath(self.dump)), env=environment)


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def test_a_backup_that_can_be_read_gets_its_name_and_its_checksum(server: Server) -> None:
    server.back_up("tables").check()
    assert server.dump.read_text() == "tables"
    checksum = server.backups / "0002-bbbbbbb.dump.sha256"
    assert checksum.read_text().split() == [hashlib.sha256(b"tables").hexdigest(), server.dump.name]
    run(["sha256sum", "--check", checksum.name], cwd=server.backups).check()
    assert sorted(path.name for path in server.backups.iterdir()) == [server.dump.name, checksum.name]


def test_only_their_owner_reads_backups(server: Server) -> None:
    server.back_up("tables").check()
    for path in (server.backups, *server.backups.iterdir()):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("dump", ["cut", ""])
def test_a_backup_that_failed_or_cannot_be_read_does_not_look_like_one(server: Server, dump: str) -> None:
    assert server.back_up(dump).exit_code != 0
    assert not server.dump.exists()
    assert list(server.backups.glob("*.sha256")) == []


def test_a_backup_after_one_that_was_cut_off_is_whole(server: Server) -> None:
    server.back_up("cut")
    server.back_up("tables").check()
    assert server.dump.read_text() == "tables"


def test_nobody_is_asked_for_a_password_and_the_format_can_be_restored_in_part(server: Server) -> None:
    server.back_up("tables").check()
    assert {"--no-password", "--format=custom"} <= set(server.asked.read_text().split())
