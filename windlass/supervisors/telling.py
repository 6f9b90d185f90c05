"""What tells a slot's processes from all others, whichever supervisor has started them: a gate's arguments."""

from __future__ import annotations

from collections.abc import Sequence

from windlass.config.model import Config
from windlass.layout import Layout, Slot
from windlass.manifest import Manifest
from windlass.supervisors import units


def ports_of(config: Config, slot: Slot, there: Manifest | None = None) -> Sequence[int]:
    """The ports of what the slot was started with; by the configuration where that is not known."""
    if there is None:
        return config.ports(slot)
    return there.ports or range(config.port(slot), config.port(slot) + there.instances)


def pid_files(layout: Layout, name: str) -> list[str]:
    """Globs of a process's pid files, by its pm2 name: pm2 puts its own number into the file's."""
    stem = f"{layout.run}/{name}"
    return [f"{stem}.pid", f"{stem}-[0-9]*.pid"]


def watched(config: Config, slot: Slot, processes: Sequence[str]) -> dict[str, dict[str, object]]:
    """What tells each of these processes beside the web processes, and how many it has to be."""
    kinds = {config.process_name(slot, kind): kind for kind in config.processes}
    return {
        name: {
            **named(config, slot, name),
            "instances": config.processes[kinds[name]].instances,
        }
        for name in processes
    }


def occupants(config: Config, slot: Slot, there: Manifest | None = None) -> dict[str, object]:
    """Each web process's port, and what tells its process: of the first, and of all where there are several.

    What tells a process is the supervisor's matter: for pm2, where it writes the pid; for systemd, its unit.
    """
    names = there.web_names if there else config.web_names(slot)
    instances = [
        {"port": port, **named(config, slot, name)}
        for port, name in zip(ports_of(config, slot, there), names, strict=True)
    ]
    return {**instances[0], "instances": instances} if len(instances) > 1 else {**instances[0]}


def named(config: Config, slot: Slot, name: str) -> dict[str, object]:
    """What tells a process from all others, whichever supervisor has started the slot."""
    scripts = {
        units.unit(config, kind, slot, number): str(config.layout.start_script(kind, slot, number))
        for kind, number in units.places(config, slot, name)
    }
    return {"pid_files": pid_files(config.layout, name), "units": scripts}
