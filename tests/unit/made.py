"""Configurations and facts for tests: right as they are, each part replaceable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from windlass.agent import past as digest
from windlass.config.model import Config
from windlass.facts.applied import Applied
from windlass.facts.nginx import NginxFacts
from windlass.facts.revision import Revision
from windlass.facts.state import Release, State
from windlass.facts.tools import Tools
from windlass.layout import Slot
from windlass.past import Past, parse
from windlass.plans.cutover import Cutover
from windlass.plans.look import Look

NEW = "c" * 40
GIGABYTE = 1024**3
PROGRAMS = ("git", "rsync", "psql", "pg_dump", "pg_restore", "npm", "pm2")


def config(root: Path | str = "/srv/shop", **tables: Any) -> Config:
    app = {
        "name": "shop",
        "repository": "git@example.org:shop.git",
        "root": str(root),
        **tables.pop("app", {}),
    }
    return Config.model_validate({"app": app, **tables})


def with_database(**keys: Any) -> Config:
    return config(database={"kind": "prisma", **keys})


def kept(*ids: str) -> tuple[Release, ...]:
    """Kept releases; the end of an id, made long, is its revision."""
    return tuple(Release(id, id.split("-")[1].ljust(40, "0"), "stamp") for id in ids)


def state(**parts: Any) -> State:
    """A server on which nothing was ever live, but for these parts."""
    blank = State(
        slot="blue",
        live="",
        live_revision="",
        slots={"blue": "", "green": ""},
        current="",
        maintenance=None,
        stopped=None,
        standby=None,
        releases=(),
        past=Past(),
        install_stamp="",
        generate_stamp="",
        cloned=False,
        env_keys=frozenset({"DATABASE_URL"}),
        env_version=2,
        disk_free=50 * GIGABYTE,
        memory_available=4 * GIGABYTE,
        unenterable="",
        lock={"held": False},
        system="ID=debian\n",
    )
    if "records" in parts:
        parts["past"] = past(parts.pop("records"))
    return replace(blank, **parts)


def past(records: Iterable[Mapping[str, Any]]) -> Past:
    """What a ledger of these records comes to."""
    found = digest.blank()
    for one in records:
        digest.add(found, dict(one))
    return parse({**found, "open": list(found["open"].values())})


def live(release: str, slot: Slot = "blue", **parts: Any) -> State:
    """A server with one live release that went live once."""
    known: dict[str, Any] = {
        "slot": slot,
        "live": release,
        "live_revision": kept(release)[0].revision,
        "slots": {"blue": "", "green": "", slot: release},
        "current": release,
        "releases": kept(release),
        "records": tuple(went_well(release)),
        "cloned": True,
    }
    return state(**{**known, **parts})


def look(of: State | None = None, **parts: Any) -> Look:
    """A server that lacks nothing, with the newest database there is."""
    tools = Tools("/usr/bin", "22.20.0", "10.9.3", {name: f"/usr/bin/{name}" for name in PROGRAMS})
    nginx = NginxFacts("1.22.1", True, True, "ab" * 32, "shop 0123456789abcdef", ())
    return replace(Look(of or state(), tools, nginx, Applied()), **parts)


def revision(**parts: Any) -> Revision:
    package = {"scripts": {"build": "next build"}, "dependencies": {"next": "16.4.5"}}
    plain = Revision(NEW, "Sail", 1_700_000_000, {"package-lock.json": "1" * 40}, package=package)
    return replace(plain, **parts)


def cutover(**parts: Any) -> Cutover:
    """From nothing to release 0001 on green."""
    to = Cutover("0001-ccccccc", NEW, "green", "", "module.exports = {}", "/usr/bin", "<p>back soon</p>")
    return replace(to, **parts)


def record(event: str, release: str = "", live: str = "", **fields: Any) -> Mapping[str, Any]:
    about = {"release": release} if release else {}
    return {"event": event, **about, "live": {"release": live}, **fields}


def went_well(release: str, before: str = "", **fields: Any) -> list[Mapping[str, Any]]:
    """The three records of a run that ended with the release live."""
    return [
        record("start", release, before),
        record("live", "", release),
        record("end", release, release, outcome="done", **fields),
    ]


def went_wrong(release: str, before: str, outcome: str = "failed", **fields: Any) -> list[Mapping[str, Any]]:
    """A run that ended with what was live before, with or without having been live in between."""
    middle = [record("live", "", release)] if outcome == "went-back" else []
    end = record("end", release, before, outcome=outcome, **fields)
    return [record("start", release, before), *middle, end]
