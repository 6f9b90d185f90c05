"""What `fab --list` and `fab --help TASK` say."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from invoke.tasks import Task

from tasks import namespace
from tasks.order import ORDER
from tests.support.operator import CHECKOUT, FAB
from tests.support.processes import run
from windlass.cli.listing import grouped, summaries

# Invoke takes the help out of a task that it reads: each reader here wants one of its own.
TASKS: dict[str, Task[Any]] = {name: deepcopy(namespace[name]) for name in namespace.task_names}


def fab(*arguments: str) -> str:
    return run([FAB, *arguments], cwd=CHECKOUT, timeout=60).check().stdout


@pytest.mark.parametrize("arguments", [(), ("--list",)])
def test_the_list_begins_with_what_comes_first(arguments: tuple[str, ...]) -> None:
    told = fab(*arguments)
    assert [told.index(f"\n  {name} ") for name in ("setup", "deploy", "status", "emergency-stop")] == sorted(
        told.index(f"\n  {name} ") for name in ("emergency-stop", "deploy", "status", "setup")
    )


def test_the_help_of_a_task_tells_what_it_takes() -> None:
    told = fab("--help", "env.push")
    assert told.startswith("fab env.push FILE [--options]\n")
    assert "--target=STRING" in told
    assert "-H STRING, --hosts=STRING" in told
    assert fab("env.push", "-h") == told


def test_every_task_has_its_place_in_the_order_of_use() -> None:
    ordered = [name for names in ORDER.values() for name in names]
    assert sorted(set(TASKS) - set(ordered)) == [], "add it to tasks/order.py"
    assert len(ordered) == len(set(ordered))


def test_every_summary_fits_a_line_of_100_columns() -> None:
    told = summaries(namespace)
    assert all(told.values())
    assert [line for line in grouped(told, ORDER, 1000) if len(line) > 100] == []


@pytest.mark.parametrize("name", TASKS)
def test_every_option_is_explained_with_its_default(name: str) -> None:
    for argument in TASKS[name].get_arguments():
        assert argument.help, f"--{argument.name} has no help"
        if argument.default:
            told = f"(default: {argument.default}" if argument.kind is int else "(default: "
            assert told in argument.help, f"the help of --{argument.name} does not tell its default"
