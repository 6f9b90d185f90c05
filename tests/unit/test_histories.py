"""The example apps' histories: the commits that other tests deploy are there, and always the same."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.apps.history import build_prompthub, build_tiny, move_branch

BUILDERS = (build_prompthub, build_tiny)
COMMON = {
    "first",
    "change",
    "broken_build",
    "lock_out_of_step",
    "crash_at_start",
    "dies_every_two_seconds",
    "hangs_at_start",
    "answers_500",
    "fails_under_traffic",
}


def _git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", repository, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.mark.parametrize("build", BUILDERS)
def test_a_history_is_the_same_each_time(build: Callable[[Path], dict[str, str]], tmp_path: Path) -> None:
    assert build(tmp_path / "one") == build(tmp_path / "two")


@pytest.mark.parametrize("build", BUILDERS)
def test_a_history_holds_good_commits_on_main_and_bad_ones_beside_it(
    build: Callable[[Path], dict[str, str]], tmp_path: Path
) -> None:
    commits = build(tmp_path / "app")
    on_main = set(_git(tmp_path / "app", "rev-list", "main").splitlines())
    assert commits.keys() >= COMMON
    assert {commits["first"], commits["change"]} <= on_main
    assert commits["broken_build"] not in on_main
    assert _git(tmp_path / "app", "rev-parse", "broken_build^") == commits["change"]


def test_prompthub_has_commits_that_change_the_database(tmp_path: Path) -> None:
    commits = build_prompthub(tmp_path / "app")
    for name in ("migration", "failing_migration", "slow_migration"):
        added = _git(tmp_path / "app", "diff", "--name-only", commits["change"], commits[name])
        assert "prisma/migrations/20260303090000_" in added


def test_an_app_can_lie_in_a_subfolder(tmp_path: Path) -> None:
    build_tiny(tmp_path / "app", subfolder="apps/web")
    assert _git(tmp_path / "app", "ls-tree", "--name-only", "main") == "apps"
    assert "apps/web/server.mjs" in _git(tmp_path / "app", "ls-tree", "-r", "--name-only", "main")


def test_a_branch_can_be_moved_as_by_a_forced_push(tmp_path: Path) -> None:
    commits = build_tiny(tmp_path / "app")
    move_branch(tmp_path / "app", commits["first"])
    assert _git(tmp_path / "app", "rev-parse", "main") == commits["first"]


def test_no_lock_file_names_a_registry(tmp_path: Path) -> None:
    build_prompthub(tmp_path / "app")
    assert '"resolved": "http' not in _git(tmp_path / "app", "show", "migration:package-lock.json")
