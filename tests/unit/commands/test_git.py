"""Fetching and checking out, with a real git and real repositories."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from tests.support.processes import Completed
from tests.unit.bash import bash
from tests.unit.git import Repository, git_environment
from windlass.commands import git
from windlass.layout import Layout
from windlass.shell import Command


@pytest.fixture
def origin(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "it's origin")


class Server:
    """An app's root, and git's texts run for it."""

    def __init__(self, folder: Path) -> None:
        self.layout = Layout(PurePosixPath(folder / "srv"))
        self.workspace = Path(self.layout.workspace)
        self.folder = folder
        self.workspace.parent.mkdir()

    def fetch(self, repository: Path) -> Completed:
        return self.run(git.fetch(self.layout, str(repository), None))

    def check_out(self, revision: str, *, submodules: bool = False) -> Completed:
        return self.run(git.checkout(self.layout, revision, submodules=submodules, key=None))

    def run(self, command: Command) -> Completed:
        return bash(command, env=git_environment(self.folder))

    def refs(self) -> dict[str, str]:
        ask = Command(f"git -C {self.workspace} for-each-ref --format='%(refname) %(objectname)'")
        lines = self.run(ask).check().stdout.splitlines()
        return dict(line.split() for line in lines)


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def test_the_first_fetch_clones_and_checks_nothing_out(origin: Repository, server: Server) -> None:
    revision = origin.commit({"README": "one"})
    server.fetch(origin.folder).check()
    assert server.refs()["refs/remotes/origin/main"] == revision
    assert [path.name for path in server.workspace.iterdir()] == [".git"]


def test_a_clone_that_was_cut_off_is_not_taken_for_a_workspace(origin: Repository, server: Server) -> None:
    origin.commit({"README": "one"})
    half = server.workspace.with_name("workspace.partial")
    (half / ".git").mkdir(parents=True)
    (half / ".git/HEAD").write_text("ref: refs/he")
    server.workspace.mkdir()
    (server.workspace / "stray").touch()
    server.fetch(origin.folder).check()
    assert "refs/remotes/origin/main" in server.refs()
    assert not half.exists()


def test_a_repository_that_is_not_there_leaves_no_workspace(server: Server) -> None:
    failed = server.fetch(server.folder / "nowhere")
    assert failed.exit_code != 0
    assert "nowhere" in failed.stderr
    assert not server.workspace.exists()


def test_a_fetch_follows_what_was_pushed_with_force_and_forgets_what_is_gone(
    origin: Repository, server: Server
) -> None:
    first = origin.commit({"README": "one"})
    origin.git("branch", "old")
    origin.git("tag", "v1")
    server.fetch(origin.folder).check()
    origin.git("branch", "--delete", "old")
    second = origin.commit({"README": "another"})
    origin.git("reset", "--quiet", "--soft", first)
    forced = origin.commit({"README": "instead"})
    origin.git("tag", "--force", "v1")
    server.fetch(origin.folder).check()
    refs = server.refs()
    assert (refs["refs/remotes/origin/main"], refs["refs/tags/v1"]) == (forced, forced)
    assert forced != second
    assert "refs/remotes/origin/old" not in refs


def test_a_fetch_gets_over_locks_that_a_killed_git_left(origin: Repository, server: Server) -> None:
    origin.commit({"README": "one"})
    server.fetch(origin.folder).check()
    revision = origin.commit({"README": "two"})
    inside = server.workspace / ".git"
    for lock in ("index.lock", "packed-refs.lock", "refs/remotes/origin/main.lock"):
        (inside / lock).parent.mkdir(parents=True, exist_ok=True)
        (inside / lock).touch()
    server.fetch(origin.folder).check()
    server.check_out(revision).check()
    assert list(inside.rglob("*.lock")) == []


def test_the_app_may_move_to_another_repository(origin: Repository, server: Server, tmp_path: Path) -> None:
    origin.commit({"README": "one"})
    server.fetch(origin.folder).check()
    moved = Repository(tmp_path / "moved")
    revision = moved.commit({"README": "elsewhere"})
    server.fetch(moved.folder).check()
    assert server.refs()["refs/remotes/origin/main"] == revision


def test_a_checkout_leaves_no_local_change_and_keeps_what_git_ignores(
    origin: Repository, server: Server
) -> None:
    first = origin.commit({"README": "one", ".gitignore": "node_modules/\n", "gone": "soon"})
    second = origin.commit({"README": "two", "gone": None})
    server.fetch(origin.folder).check()
    server.check_out(first).check()
    for kept in ("node_modules/next/index.js", "prisma/migrations/X/migration.sql", "gone"):
        (server.workspace / kept).parent.mkdir(parents=True, exist_ok=True)
        (server.workspace / kept).write_text("local")
    Repository(server.workspace / "nested").commit({"a": "b"})
    server.check_out(second).check()
    assert (server.workspace / "README").read_text() == "two"
    assert (server.workspace / "node_modules/next/index.js").read_text() == "local"
    left = sorted(path.name for path in server.workspace.iterdir())
    assert left == [".git", ".gitignore", "README", "node_modules"]


def test_a_shared_file_that_was_linked_into_the_workspace_is_not_written_through(
    origin: Repository, server: Server, tmp_path: Path
) -> None:
    revision = origin.commit({".env": "FROM=repository\n"})
    server.fetch(origin.folder).check()
    shared = tmp_path / "shared.env"
    shared.write_text("SECRET=1\n")
    (server.workspace / ".env").symlink_to(shared)
    server.check_out(revision).check()
    assert shared.read_text() == "SECRET=1\n"


def test_submodules_are_checked_out_where_they_are_wanted(
    origin: Repository, server: Server, tmp_path: Path
) -> None:
    library = Repository(tmp_path / "library")
    library.commit({"index.js": "one"})
    origin.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library.folder), "lib")
    with_library = origin.commit({"README": "one"})
    origin.git("rm", "--quiet", "-r", "lib")
    without = origin.commit({"README": "two"})
    server.fetch(origin.folder).check()
    server.check_out(with_library).check()
    assert not (server.workspace / "lib/index.js").exists()
    server.check_out(with_library, submodules=True).check()
    assert (server.workspace / "lib/index.js").read_text() == "one"
    server.check_out(without, submodules=True).check()
    assert not (server.workspace / "lib/index.js").exists()


def test_git_never_asks_and_takes_the_deploy_key_alone() -> None:
    text = git.transport("/home/deploy/my key")
    ask = Command("echo $GIT_TERMINAL_PROMPT; printf '%s\\n' \"$GIT_SSH_COMMAND\"")
    prompt, ssh = bash(f"{text}\n{ask}").check().stdout.splitlines()
    assert prompt == "0"
    assert ssh == "ssh -o BatchMode=yes -o IdentitiesOnly=yes -i '/home/deploy/my key'"
    assert "-i" not in git.transport(None).text
