"""A task's own argument, with options before, after and instead of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support.processes import Completed, run

FAB = Path(sys.prefix) / "bin/fab"
CHECKOUT = Path(__file__).parents[3]
FABFILE = """\
from fabric import task
from invoke.collection import Collection
from windlass.cli.positional import options_first
from windlass.cli.usage import exit_with_usage_code

exit_with_usage_code()
options_first()

@task(help={"file": "what is pushed"})
def push(ctx, file, json=False):
    print(ctx.config.windlass.hosts, file, json)

namespace = Collection(push)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fabfile.py").write_text(FABFILE)
    (tmp_path / "fabric.yaml").write_text("tasks:\n  executor_class: windlass.cli.executor.Executor\n")
    return tmp_path


def fab(folder: Path, *arguments: str) -> Completed:
    return run([FAB, *arguments], env={**os.environ, "PYTHONPATH": str(CHECKOUT)}, cwd=folder)


@pytest.mark.parametrize(
    "line",
    [
        "push x -H h --json",
        "push -H h x --json",
        "push --json -H h x",
        "-H h push --json x",
        "push -H h --json x",
    ],
)
def test_options_come_before_the_argument_or_after_it(folder: Path, line: str) -> None:
    assert fab(folder, *line.split()).check().stdout == "h x True\n"


def test_a_dash_alone_is_an_argument(folder: Path) -> None:
    assert fab(folder, "push", "-", "-H", "h").check().stdout == "h - False\n"


def test_help_needs_no_argument(folder: Path) -> None:
    assert "what is pushed" in fab(folder, "push", "--help").check().stdout


@pytest.mark.parametrize("line", ["push -H h", "push"])
def test_an_argument_that_is_missing_is_named(folder: Path, line: str) -> None:
    done = fab(folder, *line.split())
    assert done.exit_code == 2
    assert done.stderr.startswith("push needs FILE")


def test_an_option_that_is_none_is_no_argument(folder: Path) -> None:
    done = fab(folder, "push", "--jason", "x")
    assert done.exit_code == 2
    assert "no option --jason of push; did you mean --json?" in done.stderr
