"""What an app under systemd needs of root: its user, its units, the rights to use them, and `.env` to read."""

from __future__ import annotations

from windlass.commands import units as commands
from windlass.commands.users import as_user
from windlass.config.model import Config
from windlass.facts.state import State
from windlass.facts.units import Units
from windlass.plan import Step
from windlass.plans import units
from windlass.plans.units import Installed
from windlass.shell import all_of, cmd
from windlass.supervisors import systemd


def steps(config: Config, state: State, seen: Units) -> tuple[Step, ...]:
    """User, files, units and rights; what nothing wants any more goes."""
    there = units.wanted(config, state)
    old = units.gone(config, seen, there)
    found = list(_people(config, seen)) if there else []
    for one in there:
        found += _of_type(config, one, seen)
    if old:
        title = f"remove {', '.join(file.name for file in old if file.suffix) or 'rights of nobody'}"
        found.append(Step(title, commands.remove(old)))
    return tuple(found)


def _people(config: Config, seen: Units) -> tuple[Step, ...]:
    user, group = config.setup.user, config.app_user
    there = seen.user and group in seen.groups
    make = all_of(
        commands.make_user(group, systemd.cache(config)), cmd("usermod", "--append", "--groups", group, user)
    )
    opened = as_user(user, systemd.opened(config, deep=True))
    read = there and seen.opened
    return (
        Step(
            f"make the user {group}",
            make,
            unchanged=f"there, and {user} is in that group" if there else "",
        ),
        # As the user whose files they are: root does not follow a path that somebody else may change.
        Step(
            f"let {group} use what releases share",
            opened,
            unchanged="it reads .env, and writes to the folders" if read else "",
        ),
    )


def _of_type(config: Config, one: Installed, seen: Units) -> tuple[Step, ...]:
    enabled = set(one.enabled)
    in_place = seen.holds(one.unit, one.unit_text) and not seen.stale & enabled and enabled <= seen.enabled
    granted = seen.holds(one.sudoers, one.sudoers_text)
    return (
        Step(
            f"let {config.setup.user} start and stop {one.unit.stem}",
            commands.grant(one.sudoers, one.sudoers_text),
            unchanged=f"{one.sudoers} is up to date" if granted else "",
        ),
        Step(
            f"install {one.unit.name}",
            commands.install(one.unit, one.unit_text, one.enabled),
            unchanged="it is up to date" if in_place else "",
        ),
    )
