"""The example apps' histories: the commits that other tests deploy are there, and always the same."""

import subprocess
from pathlib import Path

from tests.apps.history import build_tiny, move_branch


def _show(repository: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", repository, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_the_tiny_history_is_the_same_each_time(tmp_path: Path) -> None:
    assert build_tiny(tmp_path / "one") == build_tiny(tmp_path / "two")


def test_the_tiny_history_holds_its_commits(tmp_path: Path) -> None:
    commits = build_tiny(tmp_path / "tiny")
    assert commits.keys() >= {"first", "change", "third", "broken_build", "crash_at_start", "answers_500"}
    assert _show(tmp_path / "tiny", "rev-parse", "main") == commits["third"]
    assert _show(tmp_path / "tiny", "rev-parse", "broken_build^") == commits["change"]


def test_an_app_can_lie_in_a_subfolder(tmp_path: Path) -> None:
    build_tiny(tmp_path / "tiny", subfolder="apps/web")
    assert _show(tmp_path / "tiny", "ls-tree", "--name-only", "main") == "apps"
    assert "apps/web/server.mjs" in _show(tmp_path / "tiny", "ls-tree", "-r", "--name-only", "main")


def test_a_branch_can_be_moved_as_by_a_forced_push(tmp_path: Path) -> None:
    commits = build_tiny(tmp_path / "tiny")
    move_branch(tmp_path / "tiny", commits["first"])
    assert _show(tmp_path / "tiny", "rev-parse", "main") == commits["first"]
