"""One app on this server: where it is, and what its slots were started with."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from . import live, owner, proc

SLOTS = ("blue", "green")


@dataclass(frozen=True)
class Kept:
    """What a slot was started with; `known` says whether by its manifest, else it is what the client configures.

    `processes` have a `name`, `instances` and whether they are `exclusive`; first each of the web processes, with its
    `port`.
    """

    slot: str
    release: str
    supervisor: str
    processes: list[dict[str, Any]]
    known: bool

    @property
    def names(self) -> list[str]:
        return [str(one["name"]) for one in self.processes]

    @property
    def web_names(self) -> list[str]:
        web = [str(one["name"]) for one in self.processes if one.get("type") == "web"]
        return web or self.names[:1]


class App:
    """`about` is the client's: `drain` and `kill_timeout` in seconds, and of each slot `port`, `namespace`, `names`."""

    def __init__(self, paths: dict[str, Any], about: dict[str, Any]) -> None:
        self.paths = paths
        self.about = about

    @classmethod
    def of(cls, arguments: dict[str, Any]) -> App:
        """The app that an act's arguments speak of."""
        return cls(arguments["paths"], arguments["app"])

    @property
    def live(self) -> str:
        """The slot that the flag names."""
        seen = owner.as_owner(self.paths["root"], lambda: live.live(self.paths), live.NOTHING_LIVE)
        return str(seen["slot"])

    @property
    def stopped(self) -> bool:
        return os.path.exists(self.paths["stopped"])

    def says(self, flag: str) -> str:
        """The first words of a flag's file, "" where it is not set."""
        return live.flag(self.paths[flag]) or ""

    def ports(self, slot: str) -> list[int]:
        """The ports of a slot's web processes, by its manifest; else the first that the client configures."""
        return live.web_ports(self.paths, slot) or [int(self.about["slots"][slot]["port"])]

    def namespace(self, slot: str) -> str:
        return str(self.about["slots"][slot]["namespace"])

    def link(self, slot: str) -> str:
        """The slot's link to its release."""
        return str(self.paths["slots"][slot])

    def kept(self, slot: str) -> Kept:
        """By the slot's manifest; a slot that was started before there were any is taken to be as configured."""
        release = live.named_by(self.link(slot))
        try:
            found = owner.as_owner(
                self.paths["root"], lambda: live.document(self.paths["manifests"][slot]), None
            )
            processes = [{**one, "name": str(one["name"])} for one in found["processes"]]
            return Kept(slot, release, str(found.get("supervisor") or "pm2"), processes, True)
        except (ValueError, KeyError, TypeError):
            names = self.about["slots"][slot]["names"]
            return Kept(slot, release, "pm2", [{"name": name} for name in names], False)

    def has(self, slot: str) -> bool:
        """Whether a slot has, or may have, processes: by its link, its manifest, or one that says so itself."""
        known = (self.link(slot), self.paths["manifests"][slot])
        return any(map(os.path.lexists, known)) or bool(self.alive(slot))

    def clear(self, slot: str) -> None:
        """Note that the slot runs nothing."""
        for path in (self.link(slot), self.paths["manifests"][slot]):
            if os.path.lexists(path):
                os.unlink(path)

    def alive(self, slot: str) -> list[int]:
        """Processes of this user that say themselves that they are the slot's, and are at work in a release."""
        says, releases = f"WINDLASS_SLOT={slot}".encode(), self.paths["releases"] + "/"
        return [
            pid
            for pid in proc.pids()
            if says in proc.environ(pid) and f"{proc.cwd(pid)}/".startswith(releases)
        ]
