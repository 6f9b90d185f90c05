"""The units of an app's processes and the rights to use them: as text, and what a server has of them.

They are not for templates of one's own: what a server shall do otherwise is for a drop-in (`systemctl edit`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from windlass.config.model import Config
from windlass.facts.state import State
from windlass.facts.units import FOLDER, SUDOERS, Units
from windlass.layout import SLOTS
from windlass.manifest import Manifest, as_started
from windlass.render import render
from windlass.supervisors import units as names
from windlass.supervisors.units import STOPPED, SYSTEMCTL, VERBS, WEB


@dataclass(frozen=True)
class Installed:
    """What setup installs for one type of process; `enabled` are the instances that a boot starts."""

    kind: str
    unit: PurePosixPath
    unit_text: str
    sudoers: PurePosixPath
    sudoers_text: str
    enabled: tuple[str, ...]

    @property
    def files(self) -> tuple[PurePosixPath, PurePosixPath]:
        return self.unit, self.sudoers


def wanted(config: Config, state: State | None = None) -> list[Installed]:
    """One of each type of process; with `state`, those too that a kept release or a slot was started with."""
    if config.web.supervisor != "systemd":
        return []
    found = {kind: _installed(config, kind) for kind in names.kinds(config)}
    for known in _known(state) if state else ():
        theirs = as_started(config, known)
        for kind in names.kinds(theirs):
            if kind not in found:
                found[kind] = _installed(theirs, kind)
    return list(found.values())


def gone(config: Config, seen: Units, there: Sequence[Installed]) -> list[PurePosixPath]:
    """The installed files that nothing wants any more, and nothing that runs needs."""
    kept = {str(file) for one in there for file in one.files}
    for unit in seen.running:
        kind = unit.partition("@")[0].rpartition(".")[2]
        kept |= {str(file) for file in _files(config, kind)}
    return [PurePosixPath(file) for file in sorted(seen.installed - kept)]


def lacks(config: Config, seen: Units, *, exact: bool = True) -> list[str]:
    """How the server's units, user and rights differ from what the configuration wants; the user who deploys asks.

    Not `exact`: what of it stands in the way of a start.
    """
    found = []
    if not seen.user:
        found.append(f"there is no user {config.app_user}, as whom the app is to run")
    elif config.app_user not in seen.groups:
        found.append(f"{config.setup.user} is not in the group {config.app_user}, which reads .env")
    for one in wanted(config):
        found += _differs(one, seen) if exact else _hinders(one, seen)
    return found


def _differs(one: Installed, seen: Units) -> Iterator[str]:
    if not seen.holds(one.unit, one.unit_text):
        there = str(one.unit) in seen.digests
        yield f"{one.unit} is {'not what the config gives' if there else 'missing'}"
        return  # what else there is comes with it
    if seen.stale & set(one.enabled):
        yield f"systemd has not read {one.unit} since it changed"
    missing = [unit for unit in one.enabled if unit not in seen.enabled]
    if missing:
        yield f"{', '.join(missing)} would not come back after a boot"
    yield from _hinders(one, seen)


def _hinders(one: Installed, seen: Units) -> Iterator[str]:
    if str(one.unit) not in seen.digests:
        yield f"{one.unit} is missing"
    if not all(command in seen.rights for command in commands(one.sudoers_text)):
        yield f"{one.sudoers} does not let you start and stop {one.unit.stem.removesuffix('@')}"


def commands(sudoers: str) -> list[str]:
    """The commands that a text of sudoers allows, as `sudo -l` lists them."""
    allowed = [line for line in sudoers.replace("\\\n", "").splitlines() if "NOPASSWD:" in line]
    return [" ".join(one.split()) for line in allowed for one in line.partition("NOPASSWD:")[2].split(",")]


def _known(state: State) -> Iterable[Manifest]:
    kept = [release.manifest for release in state.releases]
    return filter(None, [*state.manifests.values(), *kept])


def _installed(config: Config, kind: str) -> Installed:
    unit, sudoers = _files(config, kind)
    return Installed(
        kind,
        unit,
        _unit_text(config, kind),
        sudoers,
        _sudoers_text(config, kind),
        tuple(unit for slot in SLOTS for unit in names.units(config, slot, kind)),
    )


def _files(config: Config, kind: str) -> tuple[PurePosixPath, PurePosixPath]:
    """The unit and the rights; a dot in the latter's name would have sudo pass over it."""
    stem = names.stem(config, kind)
    return FOLDER / f"{stem}@.service", SUDOERS / f"windlass-{config.app.name}@{kind}"


def _unit_text(config: Config, kind: str) -> str:
    settings = config.web if kind == WEB else config.processes[kind]
    return render(
        "systemd.service.j2",
        app=config.app.name,
        type=kind,
        root=config.layout.root,
        user=config.app_user,
        run=config.layout.run,
        shared=config.layout.shared,
        stopped=STOPPED,
        kill_timeout=f"{settings.kill_timeout:g}",
        max_memory=settings.max_memory,
        home=config.layout.root.is_relative_to("/home"),
    )


def _sudoers_text(config: Config, kind: str) -> str:
    return render(
        "sudoers.j2",
        app=config.app.name,
        type=kind,
        user=config.setup.user,
        verbs=VERBS,
        slots=SLOTS,
        systemctl=SYSTEMCTL,
        stem=names.stem(config, kind),
    )
