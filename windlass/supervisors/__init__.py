"""What keeps processes running: one protocol, whoever does. The agent has each one's acts beside it.

The configuration names who starts a slot; who has started what runs is told by its manifest.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from windlass.config.model import Config
from windlass.layout import Slot
from windlass.shell import Command
from windlass.supervisors import pm2, systemd


class Supervisor(Protocol):
    """The texts that start a slot's processes, and those that a person would type to end and to see them.

    `names` are those of a manifest.
    """

    SAVES: bool
    """Whether what is started comes back after a boot only once a list was saved."""

    LINGERS: float
    """Seconds that a process may live on although it has thrown at its start."""

    def prepare(self, config: Config, slot: Slot, release: str, node: str) -> Command:
        """Have all ready for the slot's processes, whose ecosystem file is there; `node` is node's folder."""

    def start(self, config: Config, slot: Slot, names: Iterable[str]) -> Command:
        """Start these processes of a slot that was prepared."""

    def end(self, config: Config, slot: Slot, names: Iterable[str]) -> Command:
        """End these processes; they do not come back after a boot."""

    def end_all(self, config: Config, slot: Slot) -> Command:
        """The same with all that runs in a slot."""

    def stop(self, config: Config) -> Command:
        """End all of the app, so that it is not there after a boot."""

    def listed(self, config: Config) -> Command:
        """See what runs."""

    def look(self, config: Config, slot: Slot, name: str) -> Command:
        """See how a process of the slot does."""

    def mark_start(self, config: Config, slot: Slot, release: str) -> Command:
        """Have the slot's lines tell where this start begins."""

    def last_lines(self, config: Config, slot: Slot, release: str) -> Command:
        """The end of what the slot's processes have written since then, the web processes first."""

    def place(self, config: Config, slot: Slot, name: str) -> str:
        """Where a person finds the lines of a process of the slot."""


def supervisor(config: Config) -> Supervisor:
    """Whoever is to start the app's next slot."""
    known: dict[str, Supervisor] = {"pm2": pm2, "systemd": systemd}
    return known[config.web.supervisor]
