"""What `db.backups` and `db.status` show, as plain values, by the rules of `windlass.report.rows`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class StoredBackup:
    """A backup on a host: `release` was live when it was made, `why` it was.

    `file` is its path there, "" for a database that a restore put aside. `verified` is None where nobody
    knows that it is whole; `copied` is where there is a copy off the server.
    """

    host: str
    name: str
    created: datetime
    age: float
    size: int
    release: str = ""
    why: str = ""
    version: str = ""
    verified: datetime | None = None
    file: str = ""
    copied: str = ""


@dataclass(frozen=True)
class Running:
    """A statement under way, for so many seconds."""

    pid: int
    seconds: float
    query: str


@dataclass(frozen=True)
class Waiting:
    """A statement that waits for a lock, and the process that holds it: its state and last statement."""

    pid: int
    seconds: float
    query: str
    for_pid: int
    for_state: str
    for_query: str


@dataclass(frozen=True)
class KnownMigration:
    """A migration; `release` is the one whose deploy applied it, "" where no ledger says so.

    "foreign": applied, and the live release does not have it.
    """

    name: str
    state: Literal["applied", "pending", "failed", "foreign"]
    release: str = ""


@dataclass(frozen=True)
class HostDatabase:
    """The app's database as a host reaches it. `error` says why it did not answer; then little else is known.

    `connections` are those to it by state; `used` all to its server, of which `limit` are allowed.
    """

    host: str
    name: str = ""
    version: str = ""
    size: int = 0
    used: int = 0
    limit: int = 0
    connections: Mapping[str, int] = field(default_factory=dict)
    longest: Running | None = None
    waits: tuple[Waiting, ...] = ()
    migrations: tuple[KnownMigration, ...] = ()
    backup: str = ""
    backup_age: float | None = None
    warnings: tuple[str, ...] = ()
    error: str = ""
    hint: str = ""
