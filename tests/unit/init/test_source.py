"""A repository is read as it lies there, or cloned for a moment; a stranger's can do nothing and reach nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.unit.git import Repository
from windlass.errors import UsageError, WindlassError
from windlass.init.source import Source, opened


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A checkout with an origin, and files that git ignores."""
    made = Repository(tmp_path / "shop")
    made.git("branch", "--move", "trunk")
    made.git("remote", "add", "origin", "git@h.example:acme/shop.git")
    made.commit({"package.json": "{}", "apps/web/package.json": "{}", ".gitignore": "dist\n.env\n"})
    for ignored in (".env", "dist/index.js"):
        (made.folder / ignored).parent.mkdir(exist_ok=True)
        (made.folder / ignored).write_text("API_KEY=hunter2\n")
    return made


@pytest.fixture
def shop(repository: Repository) -> Path:
    return repository.folder


def read(place: Path | str, branch: str = "") -> Source:
    with opened(str(place), branch, on_fetch=lambda: None) as source:
        for path in source.top.paths:
            source.top.text(path)
        return source


def test_a_checkout_tells_its_origin_its_branch_and_what_git_would_keep(shop: Path) -> None:
    (shop / "new.js").write_text("not added yet")
    source = read(shop)
    assert source.origin.address == "git@h.example:acme/shop.git"
    assert source.origin.branch == "trunk"
    assert source.top.paths == {"package.json", "apps/web/package.json", ".gitignore", "new.js"}
    assert source.folder == ""


def test_the_default_branch_is_the_origins_and_not_the_one_at_work(repository: Repository) -> None:
    repository.git("update-ref", "refs/remotes/origin/main", "HEAD")
    repository.git("checkout", "-qb", "feature")
    assert read(repository.folder).origin.branch == "main"
    repository.git("update-ref", "refs/remotes/origin/live", "HEAD")
    repository.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/live")
    assert read(repository.folder).origin.branch == "live"


def test_a_folder_inside_a_checkout_is_the_app_in_its_repository(shop: Path) -> None:
    source = read(shop / "apps/web")
    assert source.folder == "apps/web"
    assert "apps/web/package.json" in source.top


def test_a_folder_without_git_has_files_and_no_origin(tmp_path: Path) -> None:
    (tmp_path / "node_modules/x").mkdir(parents=True)
    (tmp_path / "node_modules/x/package.json").write_text("{}")
    (tmp_path / "package.json").write_text("{}")
    source = read(tmp_path)
    assert source.top.paths == {"package.json"}
    assert source.origin.address == ""


def test_an_address_that_says_nothing_to_a_server_is_none(repository: Repository) -> None:
    repository.git("remote", "set-url", "origin", "../shop.git")
    assert read(repository.folder).origin.address == ""


def test_another_users_checkout_is_read_too(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert read(shop).origin.branch == "trunk"
    assert "dist/index.js" not in read(shop).top


def test_a_checkout_that_git_cannot_read_has_its_files_all_the_same(repository: Repository) -> None:
    (repository.folder / ".git/HEAD").write_text("nonsense")
    source = read(repository.folder)
    assert "package.json" in source.top
    assert source.origin.address == ""


def test_a_clone_is_read_and_gone(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    source = read(f"file://{shop}")
    assert source.origin.address == f"file://{shop}"
    assert source.origin.branch == "trunk"
    assert "apps/web/package.json" in source.top
    assert list(place.iterdir()) == []


def test_a_bare_repository_is_cloned(repository: Repository, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    repository.git("clone", "-q", "--bare", ".", str(bare))
    assert read(bare).origin.address == str(bare)


def test_a_link_leads_nowhere_out_of_the_repository(repository: Repository, tmp_path: Path) -> None:
    shop = repository.folder
    (tmp_path / "secret").write_text("hunter2")
    (shop / "next.config.js").symlink_to(tmp_path / "secret")
    (shop / "inside.json").symlink_to("package.json")
    repository.commit({}, "Links")
    with opened(str(shop), "", on_fetch=lambda: None) as here:
        assert here.top.text("next.config.js") == ""
        assert here.top.text("inside.json") == "{}"
    with opened(f"file://{shop}", "", on_fetch=lambda: None) as there:
        assert "hunter2" not in there.top.text("next.config.js")


def test_a_repository_runs_nothing_here(repository: Repository, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    repository.git("config", "core.fsmonitor", str(trap))
    assert "package.json" in read(repository.folder).top
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "place",
    [
        "--upload-pack=touch sprung",
        "-x",
        "-u:x",
        "nowhere",
        "ext::sh -c touch% sprung",
        "ext::sh",
        "foo://x",
        "https://ghp_abcdefghijklmnop@h/x.git",
        "https://me:hunter2@h.example/x.git",
    ],
)
def test_what_is_no_address_is_never_given_to_git(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as refused:
        read(place)
    assert "hunter2" not in refused.value.message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["file:///nowhere.git", "http://127.0.0.1:1/x.git", "/x@127.0.0.1:y"])
def test_what_cannot_be_cloned_is_said_in_gits_words(place: str) -> None:
    with pytest.raises(WindlassError, match="nothing was written"):
        read(place)


def test_a_branch_that_is_not_there_is_said(shop: Path) -> None:
    with pytest.raises(WindlassError, match="nope"):
        read(f"file://{shop}", "nope")
