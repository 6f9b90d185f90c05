"""systemd: see `Supervisor` for what each function gives."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import PurePosixPath

from windlass.config.model import Config
from windlass.layout import SLOTS, Slot
from windlass.packaged import TEMPLATES
from windlass.shell import NOTHING, Command, all_of, cmd, fed, quote, when
from windlass.supervisors.units import STOPPED, SYSTEMCTL, first_of, kinds, places, unit, units

SAVES = False
LINGERS = 0.0

CACHES = PurePosixPath("/var/cache")


def cache(config: Config) -> PurePosixPath:
    """The folder that systemd makes for the app's user, outside of all that is the deploying user's."""
    return CACHES / f"windlass-{config.app.name}"


def prepare(config: Config, slot: Slot, release: str, node: str) -> Command:
    """Write what each process of the slot is to be started by, from its ecosystem file; `node` is node's folder."""
    layout = config.layout
    settings = {
        "slot": slot,
        "processes": first_of(config, slot),
        "folder": str(layout.run),
        "path": f"{node}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "stopped": str(layout.stopped),
        "status": STOPPED,
        "caches": config.build.cache,
        "release": release,
        "releases": str(layout.releases),
    }
    old = f"{quote(layout.run)}/*.{slot}.[0-9]*.script"
    write = cmd("node", "-", layout.slot_config(slot), json.dumps(settings))
    script = (TEMPLATES / "start-scripts.js").read_text("utf-8")
    return all_of(opened(config), *_caches(config, release), Command(f"rm -f {old}"), fed(write, script))


def start(config: Config, slot: Slot, names: Iterable[str]) -> Command:
    """Start these processes of a slot, which were prepared; what has a start script comes back after a boot."""
    found = []
    for kind, number in _places(config, slot, names):
        script = config.layout.start_script(kind, slot, number)
        found += [
            cmd("ln", "-fT", script.with_suffix(".script"), script),
            control("start", unit(config, kind, slot, number)),
        ]
    return all_of(*found)


def end(config: Config, slot: Slot, names: Iterable[str]) -> Command:
    """End these processes of a slot, which do not come back after a boot."""
    there = _places(config, slot, names)
    scripts = [config.layout.start_script(kind, slot, number) for kind, number in there]
    stops = [control("stop", unit(config, kind, slot, number)) for kind, number in there]
    return all_of(cmd("rm", "-f", *scripts), *stops) if there else NOTHING


def end_all(config: Config, slot: Slot) -> Command:
    """The same with all that the slot has by this configuration."""
    stops = [control("stop", one) for kind in kinds(config) for one in units(config, slot, kind)]
    return all_of(Command(f"rm -f {quote(config.layout.run)}/*.{slot}.[0-9]*.start"), *stops)


def listed(config: Config) -> Command:
    """All of the app that lives."""
    return cmd("systemctl", "list-units", f"windlass-{config.app.name}.*@*")


def control(verb: str, name: str) -> Command:
    """What the rights that setup gives allow, word by word."""
    return cmd("sudo", "-n", SYSTEMCTL, verb, name)


def stop(config: Config) -> Command:
    return all_of(*(end_all(config, slot) for slot in SLOTS))


def mark_start(config: Config, slot: Slot, release: str) -> Command:
    """The journal knows by itself."""
    return NOTHING


def last_lines(config: Config, slot: Slot, release: str) -> Command:
    since = quote(config.layout.start_script("web", slot, 1).with_suffix(".script"))
    others = [[config.process_name(slot, kind)] for kind in config.processes]
    kinds = [_lines(config, slot, names) for names in (config.web_names(slot), *others)]
    return all_of(*(Command(f'{lines} --since="@$(stat -c %Y {since})"') for lines in kinds))


def place(config: Config, slot: Slot, name: str) -> str:
    return f"the app's own lines are in the server's journal: {_lines(config, slot, [name])}"


def look(config: Config, slot: Slot, name: str) -> Command:
    """What systemd says of a process of the slot."""
    return cmd("systemctl", "status", "--no-pager", *_units(config, slot, [name]))


def _lines(config: Config, slot: Slot, names: Iterable[str]) -> Command:
    """The end of what processes of the slot have written, and what systemd says of them."""
    wanted = [f"--unit={one}" for one in _units(config, slot, names)]
    return cmd("journalctl", "--quiet", "--output=cat", "--lines=20", *wanted)


def _places(config: Config, slot: Slot, names: Iterable[str]) -> list[tuple[str, int]]:
    return [place for name in names for place in places(config, slot, name)]


def _units(config: Config, slot: Slot, names: Iterable[str]) -> list[str]:
    return [unit(config, kind, slot, number) for kind, number in _places(config, slot, names)]


def opened(config: Config, *, deep: bool = False) -> Command:
    """Have the app's user read `.env`, and write into the folders that releases share; `deep`: into all of them.

    By the user whose they are; what the app itself has made there is its own already.
    """
    layout, group = config.layout, config.app_user
    found = []
    for file in map(layout.shared.joinpath, config.shared.files):
        found.append(
            when(cmd("test", "-e", file), all_of(cmd("chgrp", group, file), cmd("chmod", "640", file)))
        )
    for folder in map(layout.shared.joinpath, config.shared.dirs):
        within = [] if deep else ["-maxdepth", "0"]
        whose = Command(f'{cmd("find", folder, *within)} -user "$(id -un)"')
        change = [
            Command(f"{whose} {cmd('-exec', 'chgrp', group, '{}', '+')}"),
            Command(f"{whose} {cmd('-exec', 'chmod', 'g+rwX', '{}', '+')}"),
            Command(f"{whose} {cmd('-type', 'd', '-exec', 'chmod', 'g+s', '{}', '+')}"),
        ]
        found.append(when(cmd("test", "-d", folder), all_of(*change)))
    return all_of(*found)


def _caches(config: Config, release: str) -> Iterable[Command]:
    """What a build leaves out of its release, as a place of the app's own to write to."""
    for path in config.build.cache:
        link = config.layout.release_app(release) / path
        place = cache(config) / "releases" / release / path
        yield Command(
            f"if ! [ -L {quote(link)} ]; then\n"
            f"    rm -rf {quote(link)}\n"
            f"    mkdir -p {quote(link.parent)}\n"
            f"    ln -s {quote(place)} {quote(link)}\n"
            "fi"
        )
