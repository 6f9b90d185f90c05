"""What is written of migrations, read from kept releases and from a real git."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.unit.facts.workspace import Workspace
from windlass.facts import Answer, papers

ONE, TWO = "0001-aaaaaaa", "0002-bbbbbbb"
FILES = ("migration.sql", "down.sql")
MIGRATIONS = "web/prisma/migrations"


@pytest.fixture
def server(tmp_path: Path) -> Workspace:
    """In its repository the app lies in a subfolder."""
    return Workspace(tmp_path, app={"directory": "web"}, database={"kind": "prisma"})


def test_a_release_s_migrations_come_from_its_files_else_from_git_else_not_at_all(server: Workspace) -> None:
    kept = server.config.layout.release(ONE) / MIGRATIONS
    for name in ("1_a", "2 b"):
        (Path(kept) / name).mkdir(parents=True)
    (Path(kept) / "migration_lock.toml").touch()
    committed = {f"{MIGRATIONS}/{name}/migration.sql": "SELECT 1" for name in ("1_a", "3_größer")}
    pruned = server.origin.commit({**committed, f"{MIGRATIONS}/migration_lock.toml": ""})
    dropped = {f"{MIGRATIONS}/{name}": None for name in ("1_a/migration.sql", "3_größer/migration.sql")}
    without = server.origin.commit(dropped)
    server.fetch()

    found = server.ask(papers.folders(server.config, {ONE: "0" * 40, TWO: pruned, "0003-ccccccc": "f" * 40}))
    assert found == {ONE: {"1_a", "2 b"}, TWO: {"1_a", "3_größer"}}
    assert server.ask(papers.folders(server.config, {TWO: without})) == {TWO: frozenset()}


def test_texts_are_as_they_were_written_and_what_is_not_there_is_left_out(server: Workspace) -> None:
    up = "-- größer\r\nSELECT 'a  b';\n\n"
    revision = server.origin.commit(
        {
            f"{MIGRATIONS}/1_a/migration.sql": up,
            f"{MIGRATIONS}/1_a/down.sql": "DROP TABLE a;",
            f"{MIGRATIONS}/2_b/migration.sql": "",
        }
    )
    server.fetch()
    backups = Path(server.config.layout.backups)
    backups.mkdir(parents=True)
    (backups / f"{ONE}.down.sql").write_text("DROP TABLE b;\n")

    asked = papers.texts(server.config, dict.fromkeys(("1_a", "2_b", "9_none"), revision), (ONE, TWO), FILES)
    found = server.ask(asked)
    assert found.up == {"1_a": up, "2_b": ""}
    assert found.down == {"1_a": "DROP TABLE a;"}
    assert found.recorded == {ONE: "DROP TABLE b;\n"}
    assert found.checksums == {
        name: hashlib.sha256(text.encode()).hexdigest() for name, text in found.up.items()
    }


def test_what_could_not_be_asked_at_all_is_an_error_and_no_lack(server: Workspace) -> None:
    for asked in (papers.folders(server.config, {}), papers.texts(server.config, {}, (), FILES)):
        with pytest.raises(ValueError, match="could not be read: no bash"):
            asked.parse(Answer("", "no bash\n", 127))
