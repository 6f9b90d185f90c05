"""What the machine must have, and how it is got."""

from __future__ import annotations

import ast
import stat
import sys
from pathlib import Path

import pytest

from tests.support.operator import CHECKOUT
from tests.support.processes import Completed, run
from tests.support.tiers import require
from windlass.demo.packages import PURPOSES, too_old


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A PATH with nothing on it but a few programs that answer."""
    return tmp_path


def program(machine: Path, name: str, text: str) -> None:
    file = machine / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


def packages(machine: Path, purpose: str = "demo") -> Completed:
    words = [sys.executable, "-m", "windlass.demo.packages", purpose]
    return run(words, env={"PATH": str(machine)}, cwd=CHECKOUT)


def test_each_purpose_holds_what_the_smaller_ones_need() -> None:
    assert PURPOSES["setup"].items() <= PURPOSES["demo"].items() <= PURPOSES["test"].items()


def test_without_apt_get_what_is_missing_is_named_and_nothing_is_done(machine: Path) -> None:
    done = packages(machine)
    assert done.exit_code == 1
    assert "these packages are missing, and installing them needs root:" in done.stderr
    assert "rsync" in done.stderr
    assert "hint: sudo apt-get install" in done.stderr


def test_where_it_may_it_installs_what_is_missing_and_only_that(machine: Path) -> None:
    program(machine, "apt-get", f'echo "$*" >> {machine}/asked')
    program(machine, "git", "true")
    program(machine, "env", 'shift; exec "$@"')
    program(machine, "sudo", '[ "$1" = -n ] || exec "$@"')
    packages(machine).check()
    update, install = (machine / "asked").read_text().splitlines()
    assert update == "-q update"
    assert install.startswith("-q install -y --no-install-recommends")
    assert {"rsync", "procps"} <= set(install.split())
    assert "git" not in install.split()


def test_an_apt_get_that_fails_is_no_traceback(machine: Path) -> None:
    program(machine, "apt-get", "exit 100")
    program(machine, "env", 'shift; exec "$@"')
    program(machine, "sudo", '[ "$1" = -n ] || exec "$@"')
    done = packages(machine)
    assert done.exit_code == 1
    assert done.stderr == "apt-get ended with 100; what it said is above\n"


def test_where_nothing_is_missing_nothing_is_said(machine: Path) -> None:
    for sign in PURPOSES["demo"].values():
        if not sign.startswith("/"):
            program(machine, sign, "true")
    require(Path(PURPOSES["setup"]["ca-certificates"]).exists(), "needs ca-certificates")
    done = packages(machine).check()
    assert done.output == ""


def test_an_old_python_is_told_which_one_to_use() -> None:
    assert too_old((3, 11), "demo") == ""
    said = too_old((3, 10), "demo")
    assert "Windlass needs Python 3.11 or later, and python3 here is 3.10" in said
    assert "make demo PYTHON=python3.11" in said


def test_an_old_python_gets_far_enough_to_be_told() -> None:
    for file in ("__init__.py", "demo/__init__.py", "demo/packages.py"):
        ast.parse((CHECKOUT / "windlass" / file).read_text(), feature_version=(3, 7))
