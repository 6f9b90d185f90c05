"""The operator runs the real fab, in a home of their own; processes and terminals end as they should."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from tests.support.operator import Operator
from tests.support.processes import Running, run
from tests.support.terminal import CTRL_C, Terminal

ASKS = """
import sys
print(sys.stdin.isatty(), sys.stdout.isatty(), flush=True)
try:
    print("you said " + input("well? "))
    input("more? ")
except KeyboardInterrupt:
    sys.exit(77)
"""


def test_fab_runs_with_a_home_of_its_own(operator: Operator) -> None:
    listed = operator.fab("--list").check()
    assert "deploy" in listed.stdout
    assert operator.environment.keys().isdisjoint({"SSH_AUTH_SOCK", "XDG_CONFIG_HOME"})
    assert operator.key.stat().st_mode & 0o777 == 0o600


def test_a_terminal_is_typed_into_and_passes_ctrl_c_on() -> None:
    terminal = Terminal([sys.executable, "-c", ASKS], env=dict(os.environ))
    terminal.wait_for("well?")
    terminal.type("fine\r")
    terminal.wait_for("more?")
    terminal.type(CTRL_C)
    done = terminal.wait(10)
    assert done.exit_code == 77
    assert "True True" in done.stdout
    assert "you said fine" in done.stdout


def test_an_interrupt_reaches_the_process_and_a_kill_ends_it() -> None:
    for end, code in ((Running.interrupt, 3), (Running.kill, -signal.SIGKILL)):
        running = Running(["bash", "-c", "trap 'exit 3' INT; echo ready; while :; do read -t 1 < <(:); done"])
        running.wait_for("ready")
        end(running)
        assert running.wait(10).exit_code == code


def test_a_process_past_its_time_is_killed_and_what_it_printed_is_told() -> None:
    with pytest.raises(AssertionError, match=r"(?s)not finished after 0\.3 s.*answer is 42"):
        run(["bash", "-c", "echo answer is $((40 + 2)); sleep 100"], timeout=0.3)
    with pytest.raises(AssertionError, match="was never printed"):
        Running(["true"]).wait_for("anything")
