"""The command `windlass`: the same tasks, from any folder, without a fabfile."""

from __future__ import annotations

from windlass.cli import interrupts
from windlass.cli.program import Windlass

from . import namespace


def main() -> None:
    """Run what the command line says; ends the process."""
    interrupts.not_while_loading()
    Windlass(namespace=namespace).run()
