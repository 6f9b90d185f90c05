"""Completion as it is typed: in each shell, in a terminal, with the Tab key."""

from __future__ import annotations

import re
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
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
    "fish": ["--no-config", "--interactive"],
}
"""How each is started without anybody's settings."""


def lines_of_the_manual(shell: str) -> list[str]:
    """What docs/completion.md has people write into the start file of a shell, for `fab`."""
    blocks = re.findall(r"(?m)(?:^    .+\n)+", (CHECKOUT / "docs/completion.md").read_text())
    (block,) = (block for block in blocks if f"--print-completion-script {shell}" in block)
    return [line.strip().replace("windlass", "fab") for line in block.splitlines()]


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, operator: Operator) -> Iterator[Terminal]:
    """A shell in the checkout, with the completion switched on."""
    program = shutil.which(request.param)
    require(bool(program), f"completion in {request.param} needs that shell: make setup")
    operator.config("shop", SHOP)
    path = f"{FAB.parent}:{operator.environment['PATH']}"
    environment = {**operator.environment, "PATH": path, "PS1": "ready> "}
    terminal = Terminal([Path(str(program)), *SHELLS[request.param]], env=environment, cwd=CHECKOUT)
    for line in [*lines_of_the_manual(request.param), "echo switched o''n"]:
        terminal.type(f"{line}\r")
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
