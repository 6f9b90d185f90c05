"""Installs, stamps and builds, as text and in a real bash."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from tests.support.processes import Completed
from tests.unit.bash import bash
from windlass.commands import packages
from windlass.layout import Layout
from windlass.shell import Command, all_of, cmd

MANAGERS = ["npm", "pnpm", "yarn", "yarn-berry"]


@pytest.mark.parametrize(
    ("manager", "words"),
    [
        ("npm", ["npm ci", "--include=dev"]),
        ("pnpm", ["pnpm install", "--frozen-lockfile", "--prod=false"]),
        ("yarn", ["yarn install", "--frozen-lockfile", "--production=false"]),
        ("yarn-berry", ["yarn install", "--immutable"]),
    ],
)
def test_an_install_goes_by_the_lock_file_and_brings_what_builds_need(manager: str, words: list[str]) -> None:
    text = packages.install(manager, locked=True, corepack=False).text
    assert all(word in text for word in words)


@pytest.mark.parametrize("manager", MANAGERS)
def test_an_install_without_a_lock_file_demands_none_and_leaves_none(manager: str) -> None:
    text = packages.install(manager, locked=False, corepack=False).text
    assert not any(word in text for word in ("npm ci", "--frozen-lockfile", "--immutable"))


@pytest.mark.parametrize("manager", MANAGERS)
def test_a_manager_that_only_corepack_has_is_called_through_it(manager: str) -> None:
    program = manager.removesuffix("-berry")
    install = packages.install(manager, locked=True, corepack=True).text
    assert install.startswith(f"corepack {program} ")
    assert packages.run_script(manager, "build", corepack=True).text == f"corepack {program} run build"
    assert packages.run_script(manager, "build", corepack=False).text == f"{program} run build"


def test_a_stamp_is_there_only_while_the_work_it_stands_for_is_finished(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp"
    stamp.write_text("old\n")
    bash(packages.stamped(Command(f"test ! -e {stamp}"), PurePosixPath(stamp), "it's new")).check()
    assert stamp.read_text() == "it's new\n"
    assert bash(packages.stamped(cmd("false"), PurePosixPath(stamp), "newer")).exit_code == 1
    assert not stamp.exists()


def test_variables_reach_the_commands_that_follow() -> None:
    values = {"A": "it's $HOME", "B": "two\nlines", "C": ""}
    show = Command('printf "%s|" "$A" "$B" "$C"')
    assert bash(all_of(packages.exported(values), show)).check().stdout == "it's $HOME|two\nlines||"


class Workspace:
    def __init__(self, root: Path) -> None:
        self.layout = Layout(PurePosixPath(root), PurePosixPath("apps/web"))
        self.app = Path(self.layout.workspace_app)
        self.app.mkdir(parents=True)

    def build(self, text: str, outputs: list[str], **environment: str) -> Completed:
        return bash(packages.verified_build(self.layout, Command(text), outputs, environment))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def test_a_build_runs_in_the_apps_folder_with_its_variables(workspace: Workspace) -> None:
    text = 'mkdir -p dist; printf "%s" "$GREETING" >dist/index.js; pwd'
    done = workspace.build(text, ["dist/index.js"], GREETING="it's $1").check()
    assert done.stdout.strip() == str(workspace.app)
    assert (workspace.app / "dist/index.js").read_text() == "it's $1"


def test_a_build_that_leaves_nothing_has_failed_whatever_it_exited_with(workspace: Workspace) -> None:
    failed = workspace.build("true", [".next/BUILD_ID", "dist"])
    assert failed.exit_code == 1
    assert f"the build left no {workspace.app}/.next/BUILD_ID" in failed.stderr


def test_what_an_earlier_build_left_does_not_pass_for_this_ones(workspace: Workspace) -> None:
    for old in (".next/BUILD_ID", "dist/index.js", ".next/cache/kept"):
        (workspace.app / old).parent.mkdir(parents=True, exist_ok=True)
        (workspace.app / old).touch()
    assert workspace.build("true", [".next/BUILD_ID", "dist"]).exit_code == 1
    assert (workspace.app / ".next/cache/kept").exists()


def test_a_build_that_fails_fails_though_its_outputs_are_there(workspace: Workspace) -> None:
    failed = workspace.build("touch dist\nexit 7", ["dist"])
    assert failed.exit_code == 7
    failed = workspace.build("touch dist\nfalse\ntrue", ["dist"])
    assert failed.exit_code == 1


def test_a_build_that_nothing_verifies_is_believed(workspace: Workspace) -> None:
    workspace.build("true", []).check()


def test_what_is_verified_may_have_any_name(workspace: Workspace) -> None:
    workspace.build("touch -- '-it'\"'\"'s'", ["-it's"]).check()
    failed = workspace.build("true", ["-it's"])
    assert f"the build left no {workspace.app}/-it's" in failed.stderr
