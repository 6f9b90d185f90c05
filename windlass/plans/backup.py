"""A backup of the database: by itself, and before what changes it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from windlass.commands import backups, postgres
from windlass.config import Config
from windlass.facts.state import State
from windlass.plan import Plan, Stage, Step


def name_at(now: float) -> str:
    """The name of a backup that belongs to no release: the server's time in UTC, to the second."""
    return f"{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}"


def step(config: Config, name: str, *, release: str, why: str, unchanged: str = "") -> Step:
    """Make the backup NAME, and verify it; `release` is what is live."""
    database, path = config.database, config.layout.backup(name)
    return Step(
        "back up the database",
        postgres.backup(path, release=release, why=why),
        timeout=database.timeout,
        environment=("database",),
        unchanged=unchanged,
        hint=f"the database is as it was; is {database.url} right, and is there room below {config.layout.root}?",
    )


def prune(config: Config, names: Iterable[str]) -> list[Step]:
    """Remove these backups; no step where there are none."""
    old = list(names)
    command = backups.remove(config.layout, old)
    return [Step("remove backups that are too old", command, tolerated=True)] if old else []


def by_hand(config: Config, state: State, old: Iterable[str]) -> Plan:
    """A backup that somebody asked for; then those that are too old go."""
    name = name_at(state.now)
    made = Stage("backup", (step(config, name, release=state.live, why="by hand"),))
    return Plan(
        f"Back up the database of {config.app.name}",
        (made, Stage("finish", tuple(prune(config, old)), on_failure="warn", on_cancel="keep")),
        recovery=(Step("tidy up", backups.sweep(config.layout), timeout=30),),
        record={"backup": name},
        outlook=(f"{config.layout.backup(name)} is made and verified", ""),
    )
