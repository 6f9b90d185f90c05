"""The command `windlass`: the same tasks, from any folder, without a fabfile."""

from __future__ import annotations


def main() -> None:
    """Run what the command line says; ends the process."""
    from windlass.cli.program import Windlass

    from . import namespace

    Windlass(namespace=namespace).run()
