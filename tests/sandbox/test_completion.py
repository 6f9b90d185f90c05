"""Completion as it is typed: in each shell, in a terminal, with the Tab key."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.operator import CHECKOUT, FAB, Operator
from tests.support.terminal import Terminal
from tests.support.tiers import require

SHOP = """
[app]
name = "shop"
repository = "git@example.com:shop.git"
[targets.production]
hosts = ["deploy@203.0.113.5"]
"""

SHELLS = {
    "bash": (["--norc", "--noprofile", "-i"], 'eval "$(fab --print-completion-script bash)"'),
    "zsh": (["-f", "-i"], 'autoload -U compinit; compinit -u; eval "$(fab --print-completion-script zsh)"'),
    "fish": (["--no-config", "--interactive"], "fab --print-completion-script fish | source"),
}
"""How each is started without anybody's settings, and the line that switches the completion on."""


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, operator: Operator) -> Iterator[Terminal]:
    """A shell in the checkout, with the completion switched on."""
    program = shutil.which(request.param)
    require(bool(program), f"completion in {request.param} needs that shell: make setup")
    operator.config("shop", SHOP)
    arguments, switch_on = SHELLS[request.param]
    path = f"{FAB.parent}:{operator.environment['PATH']}"
    environment = {**operator.environment, "PATH": path, "PS1": "ready> "}
    terminal = Terminal([Path(str(program)), *arguments], env=environment, cwd=CHECKOUT)
    terminal.type(f"{switch_on}; echo switched o''n\r")
    terminal.wait_for("switched on")
    yield terminal
    terminal.close()


def test_a_task_an_option_and_a_target_are_completed(shell: Terminal) -> None:
    for typed, completed in [
        ("fab rest\t", "fab restart"),
        ("--tar\t", "--target"),
        ("prod\t", "production"),
        ("--hosts dep\t", "deploy@203.0.113.5"),
    ]:
        shell.type(typed)
        shell.wait_for(completed)
