"""What systemd calls an app's processes: a unit of each type, of which each slot has instances by number."""

from __future__ import annotations

from collections.abc import Iterable

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


def first_of(config: Config, slot: Slot) -> dict[str, tuple[str, int]]:
    """The type and the number of the first instance of each process, by the name that its ecosystem file has for it."""
    return {config.process_name(slot, "" if kind == WEB else kind): (kind, 1) for kind in kinds(config)}


def instances(config: Config, kind: str) -> int:
    """How many processes of a type a slot has."""
    return config.processes[kind].instances if kind in config.processes else 1


def kind_of(config: Config, slot: Slot, names: Iterable[str]) -> list[str]:
    """The types of these processes, by the names that manifests have for them."""
    web = config.process_name(slot)
    return [WEB if name == web else name.removeprefix(f"{web}-") for name in names]
