"""Which node and which programs are found, in real homes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.bash import bash
from windlass.facts import Answer
from windlass.facts.tools import PACKAGES, Tools, parse, question

COREUTILS = ("bash", "ls", "sort", "sed", "dirname", "readlink", "head", "cat")


class Home:
    """A user's home, and a PATH that holds little more than a shell needs."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bin = folder, folder / "bin"
        self.bin.mkdir(parents=True)
        for program in COREUTILS:
            self.bin.joinpath(program).symlink_to(f"/usr/bin/{program}")

    def program(self, path: str, prints: str = "") -> str:
        """A program somewhere below the home; its folder."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"#!/bin/bash\necho '{prints}'\n")
        place.chmod(0o755)
        return str(place.parent)

    def node(self, folder: str, version: str) -> str:
        return self.program(f"{folder}/node", f"v{version}")

    def look(self, node_path: str | None = None) -> Tools:
        asked = question(node_path)
        # Of this machine's own places none is searched.
        text = asked.command.text.replace("/usr/local/bin /usr/bin /opt/node/bin", "/nowhere")
        done = bash(text, env={"PATH": str(self.bin), "HOME": str(self.folder)}).check()
        return asked.parse(Answer(done.stdout))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "it's home")


def test_a_node_on_the_path_is_found_with_its_npm(home: Home) -> None:
    home.node("bin", "20.20.2")
    home.program("lib/node_modules/npm/bin/npm-cli.js")
    (home.folder / "lib/node_modules/npm/package.json").write_text(
        '{\n  "version": "11.19.1",\n  "x": "version"\n}'
    )
    (home.bin / "npm").symlink_to("../lib/node_modules/npm/bin/npm-cli.js")
    found = home.look()
    assert (found.node, found.node_version, found.npm_version) == (str(home.bin), "20.20.2", "11.19.1")


@pytest.mark.parametrize(
    "folder",
    [
        ".nvm/versions/node/v22.11.0/bin",
        ".local/share/fnm/aliases/default/bin",
        ".fnm/aliases/default/bin",
        ".local/share/fnm/node-versions/v22.11.0/installation/bin",
        ".volta/bin",
    ],
)
def test_a_node_that_only_a_login_shell_would_know_is_found(home: Home, folder: str) -> None:
    place = home.node(folder, "22.11.0")
    home.program(f"{folder}/pm2")
    found = home.look()
    assert (found.node, found.node_version, found.pm2) == (place, "22.11.0", f"{place}/pm2")


@pytest.mark.parametrize(
    "versions", ["{}/.nvm/versions/node/v{}/bin", "{}/.local/share/fnm/node-versions/v{}/installation/bin"]
)
def test_the_newest_of_several_is_taken(home: Home, versions: str) -> None:
    for version in ("9.11.2", "22.2.0", "22.11.0", "18.20.0"):
        home.node(versions.format(".", version), version)
    assert home.look().node_version == "22.11.0"


@pytest.mark.parametrize(
    ("alias", "version"), [("18", "18.20.0"), ("v18.20", "18.20.0"), ("18.19.0", "18.19.0")]
)
def test_nvms_default_is_taken_before_the_newest(home: Home, alias: str, version: str) -> None:
    for installed in ("18.19.0", "18.20.0", "22.11.0"):
        home.node(f".nvm/versions/node/v{installed}/bin", installed)
    home.program(".nvm/alias/default")
    (home.folder / ".nvm/alias/default").write_text(f"{alias}\n")
    assert home.look().node_version == version


@pytest.mark.parametrize("alias", ["99", "v99.1.0", "node", "lts/*", "", "system"])
def test_a_default_that_is_not_installed_leaves_the_newest(home: Home, alias: str) -> None:
    home.node(".nvm/versions/node/v22.11.0/bin", "22.11.0")
    home.program(".nvm/alias/default")
    (home.folder / ".nvm/alias/default").write_text(f"{alias}\n")
    assert home.look().node_version == "22.11.0"


@pytest.mark.parametrize("tail", ["", "/node", "/"])
def test_the_configured_folder_wins(home: Home, tail: str) -> None:
    home.node("bin", "18.0.0")
    home.node(".nvm/versions/node/v22.11.0/bin", "22.11.0")
    chosen = home.node("opt/node-20/bin", "20.20.2")
    found = home.look(f"{chosen}{tail}")
    assert (found.node, found.node_version) == (chosen, "20.20.2")


def test_another_node_is_no_substitute_for_the_configured_one(home: Home) -> None:
    home.node("bin", "18.0.0")
    assert home.look(str(home.folder / "opt/nowhere/bin")).node == ""


def test_a_server_without_anything_has_nothing(home: Home) -> None:
    found = home.look()
    assert (found.node, found.node_version, found.npm_version, found.pm2) == ("", "", "", "")
    assert not found.has("git")


def test_a_node_that_does_not_run_is_found_without_a_version(home: Home) -> None:
    place = home.node("bin", "20.20.2")
    (Path(place) / "node").write_text("#!/bin/bash\nexit 127\n")
    found = home.look()
    assert (found.node, found.node_version) == (place, "")


def test_every_program_is_told_with_its_place(home: Home) -> None:
    for program in PACKAGES:
        home.program(f"bin/{program}")
    found = home.look()
    assert {program: found.programs[program] for program in PACKAGES} == {
        program: f"{home.bin}/{program}" for program in PACKAGES
    }


def test_lines_that_mean_nothing_are_no_harm() -> None:
    assert parse(Answer("")) == Tools("", "", "", {})
    assert parse(Answer("garbage\nnode_version=v22.1.0\nprogram=git /a b/git\n")) == Tools(
        "", "22.1.0", "", {"git": "/a b/git"}
    )
