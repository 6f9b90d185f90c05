"""How `fab` runs a task: the real program, on a collection of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

FAB = Path(sys.prefix) / "bin/fab"
CHECKOUT = Path(__file__).parents[3]
FABFILE = """
import signal
from fabric import task
from invoke.collection import Collection
from windlass.errors import LockHeld
from windlass.cli.usage import exit_with_usage_code

exit_with_usage_code()

@task
def show(ctx):
    pass

namespace = Collection(Collection("lock", show))

@task
def hosts(ctx, lines=1):
    print(repr(ctx.config.windlass.hosts), ctx.config.windlass.app, type(ctx).__name__)

@task
def pushed(ctx, file):
    pass

@task
def late(ctx):
    import imported_late

@task
def held(ctx):
    raise LockHeld("a deploy by ana holds the lock", hint="fab lock.show")

@task
def interrupted(ctx):
    signal.raise_signal(signal.SIGINT)

@task
def much(ctx):
    for _ in range(100_000):
        print("line")

for task in (hosts, held, interrupted, late, much, pushed):
    namespace.add_task(task)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fabfile.py").write_text(FABFILE)
    settings = "tasks:\n  executor_class: windlass.cli.executor.Executor\nwindlass:\n  app: shop\n"
    (tmp_path / "fabric.yaml").write_text(settings)
    return tmp_path


def fab(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "HOME": str(folder), **variables}
    return subprocess.run(
        [FAB, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "arguments", [("-H", "a,b", "hosts"), ("hosts", "-H", "a,b"), ("hosts", "--hosts=a,b")]
)
def test_a_task_runs_once_and_gets_the_hosts_as_typed(folder: Path, arguments: tuple[str, ...]) -> None:
    assert fab(folder, *arguments).stdout == "'a,b' shop Context\n"


def test_an_empty_host_is_told_from_none(folder: Path) -> None:
    assert fab(folder, "hosts").stdout.startswith("None ")
    assert fab(folder, "hosts", "-H", "").stdout.startswith("'' ")


def test_an_error_is_two_lines_and_its_exit_code(folder: Path) -> None:
    done = fab(folder, "held")
    assert (done.stderr, done.returncode) == ("a deploy by ana holds the lock\nhint: fab lock.show\n", 75)


def test_an_interrupt_is_one_line(folder: Path) -> None:
    done = fab(folder, "interrupted")
    assert (done.stderr, done.returncode) == ("interrupted\n", 128 + signal.SIGINT)


@pytest.mark.parametrize("arguments", [["much"], ["--list"], ["--help", "much"]])
def test_a_reader_that_has_gone_is_no_error(folder: Path, arguments: list[str]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "HOME": str(folder)}
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write) as unread:
        done = subprocess.run(
            [FAB, *arguments],
            cwd=folder,
            env=environment,
            stdout=unread,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.stderr, done.returncode) == ("", 1)


@pytest.mark.parametrize(("unwanted", "kept"), [("", True), ("1", False)])
def test_what_a_task_imports_is_compiled_once(folder: Path, unwanted: str, kept: bool) -> None:
    (folder / "imported_late.py").touch()
    assert fab(folder, "late", PYTHONDONTWRITEBYTECODE=unwanted).returncode == 0
    assert (folder / "__pycache__").exists() == kept


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("hosst",), "no task hosst; did you mean hosts?"),
        (("--help", "hosst"), "no task hosst; did you mean hosts?"),
        (("hosts", "abc1234"), "fab --help hosts what hosts takes"),
        (("hosts", "--lins", "3"), "no option --lins of hosts; did you mean --lines?"),
        (("--lst",), "no option --lst; did you mean --list?"),
        (("hosts", "--lines", "three"), "not a number: 'three'"),
        (("hosts", "--lines"), "--lines needs a value"),
        (("hosts", "-H"), "-H needs a value"),
        (("pushed",), "pushed needs FILE"),
        (("--list", "locks"), "no group of tasks locks; did you mean lock?"),
        (("--list", "--list-format", "yaml"), "no list format yaml"),
        (("--dry", "hosts"), "fab --dry/-R does nothing here"),
        (("-i", "key", "hosts"), "fab -i/--identity does nothing here"),
        (("hosts", "-S", "no-such-file"), "fab -S/--ssh-config does nothing here"),
        (("-H", "a", "hosts", "--", "rm", "-rf", "x"), "a command after -- is not run"),
    ],
)
def test_wrong_usage_exits_with_2_and_a_hint(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    done = fab(folder, *arguments)
    assert said in done.stderr
    assert "\nhint: " in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 2
