"""The command `windlass`: built, installed into an environment of its own, run from a folder of somebody's own."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from tests.support.installed import CHECKOUT
from tests.support.processes import Completed, run

SHOP = '[app]\nname = "shop"\nrepository = "git@example.com:shop.git"\n'


class Elsewhere:
    """Somebody who has Windlass installed, in a folder that has nothing to do with it."""

    def __init__(self, bin_folder: Path, folder: Path) -> None:
        self._bin = bin_folder
        self.folder = folder

    def windlass(self, *arguments: str) -> Completed:
        environment = {"HOME": str(self.folder), "PATH": os.defpath, "LANG": "C.UTF-8"}
        return run([self._bin / "windlass", *arguments], env=environment, cwd=self.folder, timeout=60)


@pytest.fixture
def elsewhere(installed: Path, tmp_path: Path) -> Elsewhere:
    return Elsewhere(installed, tmp_path)


def test_the_wheel_holds_every_module_and_template_below_one_package(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names} == {"windlass", "windlass-0.1.0.dist-info"}
    sources = [
        *(CHECKOUT / "windlass").rglob("*.py"),
        *(CHECKOUT / "tasks").rglob("*.py"),
        *(file for file in (CHECKOUT / "templates").rglob("*") if file.is_file()),
    ]
    expected = {str(file.relative_to(CHECKOUT)) for file in sources}
    assert {name if name.startswith("windlass/") else f"windlass/{name}" for name in expected} <= set(names)


def test_it_has_the_tasks_of_the_checkout(elsewhere: Elsewhere) -> None:
    listed = elsewhere.windlass("--list").check().stdout
    assert all(name in listed for name in ("deploy", "rollback", "emergency-stop", "config.check"))
    assert elsewhere.windlass("--version").check().stdout == "Windlass 0.1.0\n"


def test_it_works_from_any_folder_with_a_config(elsewhere: Elsewhere) -> None:
    (elsewhere.folder / "config").mkdir()
    (elsewhere.folder / "config/shop.toml").write_text(SHOP)
    assert elsewhere.windlass("config.check").check().stdout == "config/shop.toml: OK\n"
    assert "shop_blue" in elsewhere.windlass("nginx.show").check().stdout
    assert '"$defs"' in elsewhere.windlass("config.schema").check().stdout


def test_settings_of_the_folder_choose_the_app(elsewhere: Elsewhere) -> None:
    (elsewhere.folder / "config").mkdir()
    (elsewhere.folder / "config/shop.toml").write_text(SHOP)
    (elsewhere.folder / "config/blog.toml").write_text(SHOP.replace("shop", "blog"))
    assert "which app?" in elsewhere.windlass("config.show").stderr
    (elsewhere.folder / "fabric.yaml").write_text("windlass:\n  app: blog\n")
    assert 'name = "blog"' in elsewhere.windlass("config.show").check().stdout


def test_without_a_config_it_says_how_to_get_one(elsewhere: Elsewhere) -> None:
    done = elsewhere.windlass("deploy")
    assert done.exit_code == 2
    assert "no configuration: config: No such file or directory\nhint: " in done.stderr
    assert " init " in done.stderr


def test_what_is_to_be_typed_next_begins_with_windlass(elsewhere: Elsewhere) -> None:
    assert "hint: windlass init " in elsewhere.windlass("deploy").stderr
    assert "hint: windlass --list " in elsewhere.windlass("rolback").stderr
    assert "windlass rollback --stable" in elsewhere.windlass("--help", "mark-stable").check().stdout


@pytest.mark.parametrize(
    "typed", ["-H h -- true", "-t abc", "-i key deploy", "deploy --dryrun", "--help nosuch"]
)
def test_what_it_does_not_know_is_refused(elsewhere: Elsewhere, typed: str) -> None:
    done = elsewhere.windlass(*typed.split())
    assert done.exit_code == 2
    assert "\nhint: " in done.stderr
    assert "Traceback" not in done.stderr


def test_it_completes_its_own_name(elsewhere: Elsewhere) -> None:
    assert "complete -F _complete_windlass" in elsewhere.windlass("--print-completion-script", "bash").stdout
    assert "rollback" in elsewhere.windlass("--complete", "--", "windlass", "rollb").check().stdout.split()
