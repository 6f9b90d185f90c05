"""Where a slot's processes write, and which lines are of one start."""

from __future__ import annotations

from pathlib import PurePosixPath

from windlass.config.model import Config
from windlass.layout import Slot
from windlass.plans.cutover import Cutover
from windlass.shell import NOTHING, Command, all_of, cmd, quote
from windlass.supervisors import systemd


def mark_start(config: Config, to: Cutover) -> Command:
    """Say in the slot's logs where this start begins: earlier releases wrote into the same files.

    The journal knows by itself.
    """
    if config.web.supervisor == "systemd":
        return NOTHING
    mark = cmd("echo", _mark(to))
    return Command(f"{mark} | tee -a {' '.join(map(quote, _logs(config, to.slot)))} >/dev/null || true")


def last_lines(config: Config, to: Cutover) -> Command:
    """The end of what the slot's web process has written since it was started, whatever keeps it."""
    if config.web.supervisor == "systemd":
        return systemd.last_lines(config, to.slot)
    since = cmd("sed", "-n", f"/^{_mark(to)}$/,$p")
    return all_of(*(Command(f"{since} {quote(log)} | tail -n 20") for log in _logs(config, to.slot)))


def _mark(to: Cutover) -> str:
    return f"--- {to.release} starts on {to.slot}"


def _logs(config: Config, slot: Slot) -> list[PurePosixPath]:
    folder, name = config.layout.logs / "app", config.process_name(slot)
    return [folder / f"{name}.out.log", folder / f"{name}.err.log"]


def hint(config: Config, slot: Slot, name: str = "") -> str:
    """Where a person finds the lines of a process of the slot, the web process where none is named."""
    name = name or config.process_name(slot)
    if config.web.supervisor == "systemd":
        return f"the app's own lines are in the server's journal: {systemd.lines(config, slot, [name])}"
    return f"the app's own lines are in {config.layout.logs}/app/{name}.err.log on the server"
