"""What systemd calls an app's processes: a unit of each type, of which each slot has instances by number."""

from __future__ import annotations

import re

from windlass.config.model import Config
from windlass.layout import SLOTS, Slot

WEB = "web"
SYSTEMCTL = "/usr/bin/systemctl"
VERBS = ("start", "stop", "reset-failed")
"""What the user who deploys may do with them, as root."""

STOPPED = 199
"""What a start script exits with while the app is stopped: then systemd does not try again."""


def kinds(config: Config) -> list[str]:
    """The types of processes, the web process first."""
    return [WEB, *config.processes]


def stem(config: Config, kind: str) -> str:
    """The name of a type's unit without what follows the @; no name of an app or a type holds a dot."""
    return f"windlass-{config.app.name}.{kind}"


def unit(config: Config, kind: str, slot: Slot, number: int) -> str:
    """One instance's unit; numbers begin with 1."""
    return f"{stem(config, kind)}@{slot}.{number}.service"


def units(config: Config, slot: Slot, kind: str) -> list[str]:
    """Every instance of a type that the configuration has a slot start."""
    return [unit(config, kind, slot, number) for number in range(1, instances(config, kind) + 1)]


def all_units(config: Config) -> list[str]:
    """Those of both slots."""
    return [one for kind in kinds(config) for slot in SLOTS for one in units(config, slot, kind)]


def instances(config: Config, kind: str) -> int:
    """How many processes of a type a slot has; of web processes, of a configuration that was `counted`."""
    if kind == WEB:
        return config.instances
    return config.processes[kind].instances if kind in config.processes else 1


def places(config: Config, slot: Slot, name: str) -> list[tuple[str, int]]:
    """The type and the numbers of what a manifest calls so.

    Each web process has a name of its own, others one for all.
    """
    web = config.process_name(slot)
    if name == web:
        return [(WEB, 1)]
    if re.fullmatch(rf"{re.escape(web)}_\d+", name):
        return [(WEB, int(name.rpartition("_")[2]) + 1)]
    kind = name.removeprefix(f"{web}-")
    return [(kind, number) for number in range(1, instances(config, kind) + 1)]


def first_of(config: Config, slot: Slot) -> dict[str, tuple[str, int]]:
    """The type and the first number of each process, by the name that its ecosystem file has for it."""
    names = [*config.web_names(slot), *(config.process_name(slot, kind) for kind in config.processes)]
    return {name: places(config, slot, name)[0] for name in names}
