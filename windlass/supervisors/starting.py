"""What starts a slot's processes: the supervisor that the configuration names. What runs is told by its manifest."""

from __future__ import annotations

from windlass.config.model import Config
from windlass.layout import Slot
from windlass.shell import Command, cmd
from windlass.supervisors import systemd


def look(config: Config, slot: Slot, name: str) -> Command:
    """What a person would type to see how a process of the slot does."""
    if config.web.supervisor == "systemd":
        return systemd.look(config, slot, name)
    return cmd("pm2", "describe", name)
