"""`fab config.*` as typed, on folders of its own; no server is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

FAB = Path(sys.prefix) / "bin/fab"
CHECKOUT = Path(__file__).parents[3]
SHOP = '[app]\nname = "shop"\nrepository = "git@example.com:shop.git"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.toml").write_text(SHOP)
    return tmp_path


def fab(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FAB, *arguments],
        cwd=CHECKOUT,
        env={**os.environ, "WINDLASS_CONFIG": str(folder), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_check_says_of_each_file_that_it_is_right(folder: Path) -> None:
    (folder / "blog.toml").write_text(SHOP.replace("shop", "blog"))
    done = fab(folder, "config.check")
    assert done.stdout == f"{folder}/blog.toml: OK\n{folder}/shop.toml: OK\n"
    assert done.returncode == 0


def test_check_reports_the_problems_of_every_file(folder: Path) -> None:
    (folder / "blog.toml").write_text("[app]\nname = 3\n")
    (folder / "wiki.toml").write_text("[app\n")
    done = fab(folder, "config.check", "-H", "203.0.113.1")
    assert done.stdout == f"{folder}/shop.toml: OK\n"
    assert "app.name: expected text, got a number" in done.stderr
    assert "app.repository: is missing" in done.stderr
    assert f"{folder}/wiki.toml:1:5: " in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 2


def test_check_of_one_app_leaves_the_others_alone(folder: Path) -> None:
    (folder / "blog.toml").write_text("[app")
    assert fab(folder, "config.check", "--app", "shop").returncode == 0


def test_show_prints_toml_or_json_of_the_same(folder: Path) -> None:
    shown = tomllib.loads(fab(folder, "config.show").stdout)
    assert shown["app"]["root"] == "/srv/shop"
    as_json = json.loads(fab(folder, "config.show", "--json").stdout)
    assert as_json["web"] | {"env": {}} == shown["web"] | {"env": {}}


def test_schema_is_json_with_the_manuals_words(folder: Path) -> None:
    schema = json.loads(fab(folder, "config.schema").stdout)
    assert "redirected" in schema["$defs"]["Nginx"]["properties"]["certificate"]["description"]


def test_the_list_of_tasks_waits_for_nothing_heavy(folder: Path) -> None:
    done = fab(folder, "--list", PYTHONPROFILEIMPORTTIME="1")
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "tasks" in imported
    assert not imported & {"pydantic", "jinja2", "rich", "psutil"}


def test_a_site_that_depends_on_a_hosts_cores_wants_to_be_told_them(folder: Path) -> None:
    (folder / "shop.toml").write_text(SHOP + '[web]\ninstances = "cpus"\nports = [3000, 3100]\n')
    refused = fab(folder, "nginx.show")
    assert refused.returncode == 2
    assert "fab nginx.show --cpus N" in refused.stderr
    shown = fab(folder, "nginx.show", "--cpus", "3")
    assert shown.stdout.count("max_fails=0") == 6
