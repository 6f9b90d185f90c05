"""A new `.env`, or an earlier version of it: kept, put in place, and what that asks of the app."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from windlass.commands import env
from windlass.config.model import Config
from windlass.errors import Refused
from windlass.facts.env import ServerEnv
from windlass.facts.state import State
from windlass.plan import Plan, Stage, Step
from windlass.plans.due import differing, due


@dataclass(frozen=True)
class Change:
    """What becomes of one host's `.env`: the version that comes, and the digests of its variables.

    `send`: the server does not have it yet. `keeps` are variables that the server has and the file has not.
    """

    seen: ServerEnv
    version: int
    variables: Mapping[str, str]
    send: bool = False
    keeps: tuple[str, ...] = ()

    @property
    def adopt(self) -> bool:
        """Whether somebody edited the present one, so that it has to be kept as version `was` first."""
        return self.seen.version == 0

    @property
    def was(self) -> int | None:
        """The version in use, None where there is no `.env`."""
        return self.seen.next if self.adopt else self.seen.version

    @property
    def unchanged(self) -> bool:
        return self.was == self.version and self.seen.private

    def words(self) -> str:
        """The names that are added, changed and removed; empty where none is."""
        names = differing(self.seen.variables, self.variables)
        before, after = self.seen.variables.keys(), self.variables.keys()
        kinds = {
            "added": [name for name in names if name not in before],
            "changed": [name for name in names if name in before and name in after],
            "removed": [name for name in names if name not in after],
        }
        stays = {"kept, since the file has none": self.keeps}
        return "; ".join(f"{kind}: {', '.join(found)}" for kind, found in {**kinds, **stays}.items() if found)


def pushed(seen: Sequence[ServerEnv], file: Mapping[str, str], own: Collection[str] = ()) -> list[Change]:
    """What pushing a file's variables does on each host; it gets the same number on all that do not know it.

    Of `own`, a host's own variables, those stay that the file does not have: setup has written them there.
    """
    free = max(one.next + (one.version == 0) for one in seen)
    return [_pushed(one, file, free, own) for one in seen]


def _pushed(seen: ServerEnv, file: Mapping[str, str], free: int, own: Collection[str]) -> Change:
    keeps = tuple(name for name in own if name in seen.variables and name not in file)
    coming = {**{name: seen.variables[name] for name in keeps}, **file}
    if seen.variables == coming:
        return Change(seen, seen.version or seen.next, coming, keeps=keeps)
    known = next((version.number for version in seen.versions if version.variables == coming), None)
    return Change(seen, known or free, coming, known is None, keeps)


def back(
    names: Sequence[str], seen: Sequence[ServerEnv], number: int, own: Collection[str] = ()
) -> list[Change]:
    """What going to a kept version does on each host.

    Raises Refused where one does not have it, or where it is not the same on all but for their `own` variables.
    """
    found = []
    for name, one in zip(names, seen, strict=True):
        version = one.kept(number)
        if version is None:
            has = ", ".join(str(kept.number) for kept in one.versions) or "none"
            raise Refused(
                f"{name} has no version {number} of .env (it has {has}); nothing was changed",
                hint=f"fab env.list -H {name}",
            )
        found.append(version)
    shared = [{key: value for key, value in one.variables.items() if key not in own} for one in found]
    if any(one != shared[0] for one in shared):
        raise Refused(
            f"version {number} of .env is not the same on all these hosts; nothing was changed",
            hint="fab env.push FILE gives all the same one",
        )
    return [Change(one, number, version.variables) for one, version in zip(seen, found, strict=True)]


def put(config: Config, host: str, state: State, change: Change) -> Plan:
    """Put the version in place; a host where that fails has the others go back to theirs."""
    layout, version, readers = config.layout, change.version, _readers(config, state)
    done = "it is there already" if change.unchanged else ""
    place = Step(
        f"put version {version} in place", env.put(layout, version, readers), 30, False, unchanged=done
    )
    undo = Step("put the former .env back", env.put(layout, change.was, readers), 30)
    check = Step("see that it is in place", env.is_put(layout, version, readers), 30)
    return Plan(
        f"Give {config.app.name} version {version} of .env",
        # The second stage has a host wait for the others, while it can still go back.
        (Stage("env", (place, check), undo=() if done else (undo,)), Stage("everywhere", ())),
        record={"env": version, "env_was": change.was, "reason": change.words()},
        notes=_notes(config, change),
        outlook=outlook(host, config, state, change),
    )


def _readers(config: Config, state: State) -> str:
    """The group of the app's own user, where systemd has started what reads `.env`, or will."""
    started = [manifest.supervisor for manifest in state.manifests.values() if manifest]
    return config.app_user if "systemd" in (config.web.supervisor, *started) else ""


def outlook(host: str, config: Config, state: State, change: Change) -> tuple[str, str]:
    """What the app still lacks once the version is in place, and what to type for it."""
    version, live = change.version, state.live
    said = f"version {version} of .env is in place" + (" already" if change.unchanged else "")
    if not live:
        return said, f"fab deploy -H {host}"
    if state.stopped is not None:
        return f"{said}; the app is stopped", f"fab emergency-resume -H {host} starts it with this version"
    lacks, hint = due(config, host, state, change.seen, version, change.variables)
    return f"{said}; {lacks or f'{live} runs with it'}", hint


def _notes(config: Config, change: Change) -> tuple[str, ...]:
    """What a dry run says above the steps: the names, and what is written before the first step."""
    layout = config.layout
    notes = [change.words()] if change.words() else []
    if change.adopt and change.was:
        kept = layout.env_version(change.was)
        notes.append(f"first, the present .env, which somebody edited, is kept as {kept}, mode 0600")
    if change.send:
        notes.append(
            f"first, the file is sent and written as {layout.env_version(change.version)}, mode 0600"
        )
    return tuple(notes)
