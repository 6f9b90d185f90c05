"""What the tables show, as plain values; with `--json` each is printed as an object with these very keys.

Sizes are in bytes, times in seconds, shares in percent; moments are ISO 8601 in UTC. `None` is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class Process:
    """A process of the app; `status` is "online" or its supervisor's word, `cpu` in percent of one core."""

    name: str
    status: str
    slot: str = ""
    pid: int = 0
    uptime: float | None = None
    restarts: int = 0
    cpu: float | None = None
    memory: int | None = None


@dataclass(frozen=True)
class Port:
    """A port of the app: what it is for, and who listens ("" for nobody)."""

    port: int
    use: str
    listener: str = ""


@dataclass(frozen=True)
class Health:
    """One endpoint's answer; `status` 0 means that none came, and `error` says why."""

    url: str
    ok: bool
    status: int = 0
    seconds: float | None = None
    error: str = ""


@dataclass(frozen=True)
class Space:
    """A disk by its path, or memory."""

    name: str
    total: int
    free: int

    @property
    def used_percent(self) -> float:
        return 100 * (self.total - self.free) / self.total if self.total else 0.0


@dataclass(frozen=True)
class Lock:
    """A lock that is held, and for how long already."""

    who: str
    what: str
    seconds: float | None = None
    step: str = ""


@dataclass(frozen=True)
class HostStatus:
    """One host. `error` says why it could not be looked at; then the rest is unknown.

    `pending` names the migrations that the database lacks; `database` is False where the app has none.
    `site` says how nginx's site compares with the template, `flag_reason` why visitors get the maintenance page.
    """

    host: str
    app: str = ""
    release: str = ""
    revision: str = ""
    subject: str = ""
    commit_age: float | None = None
    live_for: float | None = None
    slot: str = ""
    maintenance: bool = False
    stopped: bool = False
    flag_reason: str = ""
    health: tuple[Health, ...] = ()
    nginx: str = ""
    site: str = ""
    processes: tuple[Process, ...] = ()
    ports: tuple[Port, ...] = ()
    load: tuple[float, ...] = ()
    cpus: int | None = None
    cpu: float | None = None
    memory: Space | None = None
    disks: tuple[Space, ...] = ()
    database: bool = True
    pending: tuple[str, ...] | None = None
    lock: Lock | None = None
    warnings: tuple[str, ...] = ()
    error: str = ""
    hint: str = ""


@dataclass(frozen=True)
class KeptRelease:
    """A release on a host; `verdict` is "good", "bad" or "" for one that was never live.

    `went_live` is when it last did, `env` the version of `.env` that it did so with.
    """

    host: str
    release: str
    revision: str = ""
    subject: str = ""
    went_live: datetime | None = None
    live: bool = False
    slot: str = ""
    verdict: str = ""
    stable: bool = False
    size: int | None = None
    env: int | None = None


@dataclass(frozen=True)
class Deed:
    """One run, from the ledger; `was` is the release before it, `reason` what went wrong, or was given.

    `env` is the version of `.env` that it put in place, or started a release with.
    """

    host: str
    at: datetime | None
    who: str
    what: str
    outcome: str
    release: str = ""
    was: str = ""
    seconds: float | None = None
    reason: str = ""
    run: str = ""
    env: int | None = None


@dataclass(frozen=True)
class Variable:
    """A variable of `.env`; its value is never told, not even its length.

    "missing": another host has it, or the live release. `differs`: it is not the same on all hosts; `stale`:
    the live release was started with another value, or without it.
    """

    name: str
    value: Literal["set", "empty", "missing"] = "set"
    differs: bool = False
    stale: bool = False


@dataclass(frozen=True)
class EnvVersion:
    """A kept version of `.env`, and the kept releases that last went live with it."""

    number: int
    since: datetime
    releases: tuple[str, ...] = ()


@dataclass(frozen=True)
class HostEnv:
    """The app's `.env` on a host; `version` is 0 where somebody edited it, None where there is none.

    `since` is when it was put there, `runs_with` the version that the live release was started with.
    """

    host: str
    version: int | None = None
    since: datetime | None = None
    live: str = ""
    runs_with: int | None = None
    variables: tuple[Variable, ...] = ()
    versions: tuple[EnvVersion, ...] = ()
    warnings: tuple[str, ...] = ()
    error: str = ""
