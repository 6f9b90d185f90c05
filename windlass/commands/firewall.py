"""The firewall, ufw: what is let in, and everything else shut; SSH before anything else."""

from __future__ import annotations

from collections.abc import Iterable

from windlass.shell import Command, all_of, cmd


def shut(open_ports: Iterable[int]) -> Command:
    """Let these TCP ports in, and nothing else from then on; rules that are there stay."""
    allowed = (cmd("ufw", "allow", f"{port}/tcp") for port in open_ports)
    return all_of(*allowed, cmd("ufw", "--force", "enable"))


def open_again() -> Command:
    """Undo `shut`: let everything in, as before."""
    return cmd("ufw", "disable")
