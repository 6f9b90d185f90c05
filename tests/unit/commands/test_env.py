"""Putting a version of `.env` in place, in a real shell."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from tests.unit.bash import bash
from windlass.commands import env
from windlass.layout import Layout

TEXT = "A='x $y'\nB=\"1\n2\"\n"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    versions = tmp_path / "it's here/shared/.env.versions"
    versions.mkdir(parents=True)
    (versions / "0003").write_text(TEXT)
    return Layout(PurePosixPath(tmp_path / "it's here"))


def shared(layout: Layout) -> dict[str, int]:
    return {
        path.name: path.stat().st_mode & 0o777 for path in Path(layout.shared).iterdir() if path.is_file()
    }


@pytest.mark.parametrize("before", [None, "A=1\n"])
def test_a_version_is_put_in_place_for_its_owner_alone(layout: Layout, before: str | None) -> None:
    if before:
        Path(layout.env_file).write_text(before)
        Path(layout.env_file).chmod(0o644)
    assert bash(env.put(layout, 3)).exit_code == 0
    assert Path(layout.env_file).read_text() == TEXT
    assert shared(layout) == {".env": 0o600}
    assert bash(env.is_put(layout, 3)).exit_code == 0


def test_whoever_reads_meanwhile_sees_one_file_or_the_other(layout: Layout) -> None:
    Path(layout.env_file).write_text("A=1\n")
    with Path(layout.env_file).open() as reader:
        assert bash(env.put(layout, 3)).exit_code == 0
        assert reader.read() == "A=1\n"


def test_none_is_no_env(layout: Layout) -> None:
    Path(layout.env_file).write_text("A=1\n")
    for _ in range(2):
        assert bash(env.put(layout, None)).exit_code == 0
    assert shared(layout) == {}


def test_a_version_that_is_not_there_leaves_the_present_one(layout: Layout) -> None:
    Path(layout.env_file).write_text("A=1\n")
    assert bash(env.put(layout, 4)).exit_code != 0
    assert Path(layout.env_file).read_text() == "A=1\n"


def test_another_content_or_one_that_others_may_read_is_not_in_place(layout: Layout) -> None:
    bash(env.put(layout, 3))
    Path(layout.env_file).chmod(0o640)
    assert bash(env.is_put(layout, 3)).exit_code != 0
    bash(env.put(layout, 3))
    Path(layout.env_file).write_text("A=1\n")
    assert bash(env.is_put(layout, 3)).exit_code != 0
