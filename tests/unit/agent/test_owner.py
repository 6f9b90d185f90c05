"""Whose word decides what a path leads to: what root runs, and whom root becomes."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from tests.support.tiers import require
from windlass.agent import owner

NOBODY = pwd.getpwnam("nobody").pw_uid
as_root = pytest.mark.usefixtures("root")


@pytest.fixture
def root() -> None:
    require(os.geteuid() == 0, "only root can give a file away")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A program of root's in a folder of root's."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "node").touch(mode=0o755)
    return folder / "node"


@as_root
def test_what_is_roots_on_all_the_way_is_roots(place: Path) -> None:
    assert owner.is_roots(str(place))
    assert owner.is_roots(f"{place.parent}/not-there")
    assert owner.owner_of(str(place)) == 0


@as_root
@pytest.mark.parametrize("what", ["file", "folder", "above"])
def test_one_that_somebody_else_has_on_the_way_is_theirs(place: Path, what: str) -> None:
    given = {"file": place, "folder": place.parent, "above": place.parent.parent}[what]
    os.chown(given, NOBODY, -1)
    assert not owner.is_roots(str(place))
    assert owner.owner_of(str(place)) == NOBODY
    assert owner.whose({"paths": [str(place)]}) == {str(place): "nobody"}


@as_root
@pytest.mark.parametrize("mode", [0o757, 0o775])
def test_one_that_others_may_write_is_anybodys(place: Path, mode: int) -> None:
    os.chown(place.parent, 0, pwd.getpwnam("nobody").pw_gid)
    place.parent.chmod(mode)
    assert not owner.is_roots(str(place))
    assert owner.whose({"paths": [str(place)]}) == {str(place): ""}


@as_root
def test_what_others_could_make_in_a_sticky_folder_is_not_roots(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    (tmp_path / "there").touch()
    assert owner.is_roots(str(tmp_path / "there"))
    assert not owner.is_roots(str(tmp_path / "not-there"))


@as_root
def test_a_link_is_its_owners_wherever_it_leads(place: Path, tmp_path: Path) -> None:
    links = tmp_path / "links"
    links.mkdir()
    (links / "good").symlink_to(place)
    assert owner.is_roots(str(links / "good"))
    os.chown(links, NOBODY, -1)
    (tmp_path / "through").symlink_to(links / "good")
    assert not owner.is_roots(str(tmp_path / "through"))
    assert owner.owner_of(str(tmp_path / "through")) == NOBODY


@as_root
def test_a_folder_swapped_for_a_link_is_whose_the_link_is(tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.symlink_to("/etc")
    os.lchown(app, NOBODY, -1)
    assert owner.owner_of(str(app)) == NOBODY


def test_links_that_lead_round_in_a_circle_are_nobodys(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert not owner.is_roots(str(tmp_path / "a"))
