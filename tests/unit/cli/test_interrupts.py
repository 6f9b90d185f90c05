"""Ctrl-C before, while and after a task runs, in processes of their own."""

from __future__ import annotations

import signal
import sys

import pytest

from tests.support.operator import CHECKOUT
from tests.support.processes import Completed, run

BEGIN = """
import os, signal
from windlass.cli import interrupts
signal.signal(signal.SIGINT, {handler})
def ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)
interrupts.not_while_loading()
"""


def ran(text: str, handler: str = "signal.default_int_handler") -> Completed:
    command = [sys.executable, "-c", BEGIN.format(handler=handler) + text]
    return run(command, env={"PYTHONPATH": str(CHECKOUT)}, timeout=20)


def test_before_a_task_it_ends_the_process_without_a_word() -> None:
    done = ran("ctrl_c()\nprint('goes on')")
    assert (done.exit_code, done.output) == (-signal.SIGINT, "")


def test_while_a_task_runs_it_is_the_tasks_and_afterwards_nobodys() -> None:
    text = """
with interrupts.heard():
    try:
        ctrl_c()
    except KeyboardInterrupt:
        print("heard")
ctrl_c()
print("told")
"""
    assert ran(text).check().stdout == "heard\ntold\n"


@pytest.mark.parametrize("place", ["ctrl_c()", "with interrupts.heard(): ctrl_c()"])
def test_who_was_started_to_ignore_it_does(place: str) -> None:
    assert ran(f"{place}\nprint('goes on')", "signal.SIG_IGN").check().stdout == "goes on\n"
