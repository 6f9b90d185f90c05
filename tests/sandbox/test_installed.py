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
        self._home = folder
        self.folder = folder

    def windlass(self, *arguments: str) -> Completed:
        environment = {"HOME": str(self._home), "PATH": os.defpath, "LANG": "C.UTF-8"}
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


_FOREIGN = (
    *(
        "fabric.py",
        "invoke.py",
        "fabfile.py",
        "tasks.py",
        "windlass.py",
        "tasks/__init__.py",
        "sitecustomize.py",
    ),
    *(
        "yaml.py",
        "usercustomize.py",
        "conftest.py",
        "jinja2.py",
        "fabric/__init__.py",
        ".fabric.py",
        ".invoke.py",
    ),
)


@pytest.mark.parametrize(
    "typed",
    [
        "init --dry-run",
        "init",
        "--list",
        "config.check",
        "nginx.show --app shop",
        "--complete -- windlass depl",
    ],
)
def test_a_strangers_folder_is_read_and_never_run(elsewhere: Elsewhere, tmp_path: Path, typed: str) -> None:
    stranger, mark = tmp_path / "clone", tmp_path / "executed"
    for name in _FOREIGN:
        (stranger / name).parent.mkdir(parents=True, exist_ok=True)
        (stranger / name).write_text(f"open({str(mark)!r}, 'a').write({name!r})\n")
    (stranger / "config/templates").mkdir(parents=True)
    (stranger / "config/shop.toml").write_text(SHOP)
    reaching = f"{{{{ cycler.__init__.__globals__.os.system('touch {mark}') }}}}"
    for name in ("nginx-site.conf.j2", "maintenance.html.j2"):
        (stranger / "config/templates" / name).write_text(reaching)
    (stranger / "fabric.json").write_text('{"windlass": {"app": "other"}}')
    (stranger / "package.json").write_text('{"name": "shop", "scripts": {"start": "node ."}}')
    run(["git", "init", "--quiet", "--initial-branch=main"], cwd=stranger).check()
    run(["git", "config", "core.fsmonitor", f"touch {mark}; false"], cwd=stranger).check()
    elsewhere.folder = stranger
    done = elsewhere.windlass(*typed.split())
    assert not mark.exists(), mark.read_text()
    assert "Traceback" not in done.stderr


def test_the_operators_own_settings_may_be_code(elsewhere: Elsewhere, tmp_path: Path) -> None:
    (elsewhere.folder / "config").mkdir()
    for name in ("shop", "blog"):
        (elsewhere.folder / f"config/{name}.toml").write_text(SHOP.replace("shop", name))
    (elsewhere.folder / ".fabric.py").write_text("windlass = {'app': 'blog'}\n")
    assert 'name = "blog"' in elsewhere.windlass("config.show").check().stdout


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
