"""What starts a slot's processes: the supervisor that the configuration names. What runs is told by its manifest."""

from __future__ import annotations

from collections.abc import Iterable

from windlass.config.model import Config
from windlass.layout import SLOTS, Slot
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


def saves(config: Config) -> bool:
    """Whether what is started comes back after a boot only once a list was saved."""
    return config.web.supervisor == "pm2"


def end(config: Config, slot: Slot, names: Iterable[str]) -> Command:
    """What a person would type to end these processes of a slot."""
    if config.web.supervisor == "systemd":
        return systemd.end(config, slot, names)
    return pm2.delete(names)


def end_all(config: Config, slot: Slot) -> Command:
    """What a person would type to end all that runs in a slot."""
    if config.web.supervisor == "systemd":
        return systemd.end_all(config, slot)
    return pm2.delete([config.namespace(slot)])


def stop(config: Config) -> Command:
    """What a person would type to end all of the app, so that it is not there after a boot."""
    if config.web.supervisor == "systemd":
        return all_of(*(systemd.end_all(config, slot) for slot in SLOTS))
    return pm2.stop(config.namespace(slot) for slot in SLOTS)


def listed(config: Config) -> Command:
    """What a person would type to see what runs."""
    if config.web.supervisor == "systemd":
        return systemd.listed(config)
    return cmd("pm2", "list")


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
