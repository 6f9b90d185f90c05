"""The facts of kept releases, asked of real folders and a real git: commits, sizes, migrations, the ground."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests.unit import made
from tests.unit.bash import bash
from tests.unit.git import Repository, git_environment
from windlass.facts import Answer, Question, commits, ground, shipped, sizes
from windlass.layout import Layout

MEGABYTE = 1024 * 1024


def answer(question: Question[Any], home: Path) -> Any:
    done = bash(question.command, env=git_environment(home))
    return question.parse(Answer(done.stdout, done.stderr, done.exit_code))


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(PurePosixPath(tmp_path / "app"))


def keep(layout: Layout, release: str, revision: str) -> Path:
    folder = Path(layout.release(release))
    folder.mkdir(parents=True)
    (folder / "REVISION").write_text(revision + "\n")
    return folder


def test_every_kept_releases_commit_is_told(layout: Layout, tmp_path: Path) -> None:
    repository = Repository(Path(layout.workspace))
    first = repository.commit({"a": "1"}, "Sail, and a  `tide`")
    second = repository.commit({"a": "2"}, "commit 0123 is what this says")
    keep(layout, "0001-aaaaaaa", first)
    keep(layout, "0002-bbbbbbb", second)
    keep(layout, "0003-ccccccc", "d" * 40)  # whose branch was pushed away
    found = answer(commits.question(layout), tmp_path)
    assert {known.hash: known.subject for known in found.values()} == {
        first: "Sail, and a  `tide`",
        second: "commit 0123 is what this says",
    }
    assert found[first].committed > 1_700_000_000


def test_where_nothing_is_there_nothing_is_told(layout: Layout, tmp_path: Path) -> None:
    assert answer(commits.question(layout), tmp_path) == {}
    assert answer(sizes.question(layout), tmp_path) == {}
    Repository(Path(layout.workspace))
    assert answer(commits.question(layout), tmp_path) == {}


def test_what_releases_share_counts_once_and_for_the_newest(layout: Layout, tmp_path: Path) -> None:
    old, new = keep(layout, "0009-aaaaaaa", "a"), keep(layout, "0010-bbbbbbb", "b")
    (old / "module").write_bytes(b"x" * 3 * MEGABYTE)
    (new / "module").hardlink_to(old / "module")
    (old / "own").write_bytes(b"y" * MEGABYTE)
    keep(layout, ".0011-ccccccc.partial", "c")
    found = answer(sizes.question(layout), tmp_path)
    assert list(found) == ["0010-bbbbbbb", "0009-aaaaaaa"]
    assert 3 * MEGABYTE <= found["0010-bbbbbbb"] < 3.5 * MEGABYTE
    assert MEGABYTE <= found["0009-aaaaaaa"] < 1.5 * MEGABYTE


def test_sizes_that_were_not_ready_in_time_are_unknown() -> None:
    assert sizes.parse(Answer("100\t./0001-aaaaaaa\n", "", 124)) == {}


def test_the_live_releases_migrations_are_told_in_order(tmp_path: Path) -> None:
    config = made.with_database().model_copy(
        update={"app": made.config(tmp_path / "app").app.model_copy(update={"directory": "web"})}
    )
    layout = config.layout
    assert answer(shipped.question(config), tmp_path) == ()
    for release, slot, names in (
        ("0001-aaaaaaa", "blue", ["1_a"]),
        ("0002-bbbbbbb", "green", ["2_b", "1_a"]),
    ):
        folder = keep(layout, release, "a") / "web/prisma/migrations"
        for name in names:
            (folder / name).mkdir(parents=True)
        (folder / "migration_lock.toml").touch()
        Path(layout.run).mkdir(exist_ok=True)
        Path(layout.slot_release("blue" if slot == "blue" else "green")).symlink_to(f"../releases/{release}")
    assert answer(shipped.question(config), tmp_path) == ("1_a",)
    Path(layout.green).touch()
    assert answer(shipped.question(config), tmp_path) == ("1_a", "2_b")


def test_a_repository_that_answers_and_a_folder_that_can_be_made_are_no_problem(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "origin")
    repository.commit({"a": "1"})
    config = made.config(tmp_path / "srv/shop", app={"repository": str(repository.folder)})
    assert answer(ground.question(config), tmp_path) == ground.Ground("", "")


def test_a_repository_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    config = made.config(tmp_path / "srv/shop", app={"repository": str(tmp_path / "nowhere")})
    found = answer(ground.question(config), tmp_path)
    assert "does not appear to be a git repository" in found.unreachable
    assert "\n" not in found.unreachable
