"""What starts a slot's processes: the supervisor that the configuration names. What runs is told by its manifest."""

from __future__ import annotations

from collections.abc import Iterable

from windlass.config.model import Config
from windlass.layout import Slot
from windlass.shell import Command, all_of, cmd, quote
from windlass.supervisors import pm2, systemd


def prepare(config: Config, slot: Slot, release: str, node: str) -> Command:
    """Have all ready for the slot's processes, whose ecosystem file is there; `node` is node's folder."""
    if config.web.supervisor == "systemd":
        return systemd.prepare(config, slot, release, node)
    return all_of(pm2.ensure_daemon(), *_own_caches(config, release))


def start(config: Config, slot: Slot, names: Iterable[str]) -> Command:
    """Start these processes of a slot that was prepared."""
    if config.web.supervisor == "systemd":
        return systemd.start(config, slot, names)
    return pm2.start(config.layout, slot, names)


def look(config: Config, slot: Slot, name: str) -> Command:
    """What a person would type to see how a process of the slot does."""
    if config.web.supervisor == "systemd":
        return systemd.look(config, slot, name)
    return cmd("pm2", "describe", name)


def _own_caches(config: Config, release: str) -> Iterable[Command]:
    """What was a place of another user's under systemd is the release's own again."""
    for path in config.build.cache:
        link = quote(config.layout.release_app(release) / path)
        yield Command(f"if [ -L {link} ]; then rm {link}; fi")
