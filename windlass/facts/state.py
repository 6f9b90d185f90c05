"""What the server's disk says of the app: the state that every plan starts from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from windlass import past
from windlass.layout import SLOTS, Layout, Slot, other
from windlass.manifest import Manifest, read_manifest
from windlass.past import Past
from windlass.question import Answer, Question
from windlass.shell import Command


@dataclass(frozen=True)
class Release:
    """A built snapshot on the server; `stamp` is the install stamp that its node_modules were made under.

    `manifest` is what it was started with when visitors last got it, None where that is not known.
    """

    id: str
    revision: str
    stamp: str
    manifest: Manifest | None = None


@dataclass(frozen=True)
class State:
    """One look at the app's folders. Sizes are in bytes; a flag is None where it is not set.

    `manifests` are what each slot was started with, None where it runs nothing or nobody knows.
    `env_version` is the kept version that `.env` is, 0 where somebody edited it, None where there is none.
    `now` is the server's time in seconds since the epoch, `user` who looked, `owner` whose the app is.
    """

    slot: Slot
    live: str
    live_revision: str
    slots: Mapping[str, str]
    current: str
    maintenance: str | None
    stopped: str | None
    standby: str | None
    releases: tuple[Release, ...]
    past: Past
    install_stamp: str
    generate_stamp: str
    cloned: bool
    env_keys: frozenset[str]
    env_version: int | None
    disk_free: int
    memory_available: int
    unenterable: str
    lock: Mapping[str, Any]
    system: str
    manifests: Mapping[str, Manifest | None] = field(default_factory=dict)
    now: float = 0.0
    user: str = ""
    owner: str = ""

    def port(self, slot: Slot) -> int | None:
        """Where the slot's web process listens, as it was started; None where nobody noted it."""
        manifest = self.manifests.get(slot)
        return manifest.port if manifest else None

    @property
    def idle(self) -> Slot:
        """The slot that the next release starts on: green on a server where nothing was ever live."""
        return other(self.slot)

    def release(self, release: str) -> Release | None:
        """The kept release of that id."""
        return next((kept for kept in self.releases if kept.id == release), None)

    def next_number(self) -> int:
        """The number of the next release: past every release kept and every one the ledger knows."""
        return max([self.past.number, *(int(kept.id.split("-")[0]) for kept in self.releases)]) + 1


def question(layout: Layout, *, deploys: bool = False) -> Question[State]:
    """Ask for the state; `deploys`: also for those that brought migrations, and every release that can be named."""
    arguments = {**layout.paths(), "deploys": deploys}
    return Question("state", Command(""), parse, call="state", arguments=arguments)


def parse(answer: Answer) -> State:
    """Raises ValueError where the agent's answer is no state."""
    if answer.code:
        raise ValueError(f"the server could not be looked at: {answer.err}")
    found = json.loads(answer.out)
    live, flags, env = found["live"], found["flags"], found["env"]
    return State(
        slot="green" if live["slot"] == "green" else "blue",
        live=live["release"],
        live_revision=live["revision"],
        slots={slot: found["slots"].get(slot, "") for slot in SLOTS},
        current=found["current"],
        maintenance=flags["maintenance"],
        stopped=flags["stopped"],
        standby=flags["standby"],
        releases=tuple(_release(release) for release in found["releases"]),
        manifests={slot: read_manifest(found.get("manifests", {}).get(slot)) for slot in SLOTS},
        past=past.parse(found["past"]),
        install_stamp=found["stamps"]["install"],
        generate_stamp=found["stamps"]["generate"],
        cloned=found["cloned"],
        env_keys=frozenset(env["keys"]),
        env_version=env["version"],
        disk_free=found["disk_free"],
        memory_available=found["memory_available"],
        unenterable=found["unenterable"],
        lock=found["lock"],
        system=found["system"],
        now=found["now"],
        user=found["user"],
        owner=found["owner"],
    )


def _release(found: Mapping[str, Any]) -> Release:
    return Release(found["id"], found["revision"], found["stamp"], read_manifest(found.get("manifest")))
