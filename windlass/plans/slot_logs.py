"""Where a slot's web process writes, and which of its lines are of one start."""

from __future__ import annotations

from pathlib import PurePosixPath

from windlass.config.model import Config
from windlass.layout import Slot
from windlass.plans.cutover import Cutover
from windlass.shell import Command, all_of, cmd, quote


def mark_start(config: Config, to: Cutover) -> Command:
    """Say in the slot's logs where this start begins: earlier releases wrote into the same files."""
    mark = cmd("echo", _mark(to))
    return Command(f"{mark} | tee -a {' '.join(map(quote, _logs(config, to.slot)))} >/dev/null || true")


def last_lines(config: Config, to: Cutover) -> Command:
    since = cmd("sed", "-n", f"/^{_mark(to)}$/,$p")
    return all_of(*(Command(f"{since} {quote(log)} | tail -n 20") for log in _logs(config, to.slot)))


def _mark(to: Cutover) -> str:
    return f"--- {to.release} starts on {to.slot}"


def _logs(config: Config, slot: Slot) -> list[PurePosixPath]:
    folder, name = config.layout.logs / "app", config.process_name(slot)
    return [folder / f"{name}.out.log", folder / f"{name}.err.log"]


def hint(config: Config, slot: Slot) -> str:
    return f"the app's own lines are in {config.layout.logs}/app/{config.process_name(slot)}.err.log on the server"
