"""A backup of the database: by itself, and before what changes it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from windlass.commands import backups, postgres
from windlass.config.model import Config
from windlass.errors import Refused
from windlass.facts.backups import Backup
from windlass.facts.state import State
from windlass.plan import Plan, Stage, Step
from windlass.shell import quote

DAY = 86400


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
        hint=f"the database is as it was; is there room below {config.layout.root}? fab db.status says whether it "
        "answers, and who holds a lock",
    )


def too_old(config: Config, found: Iterable[Backup], now: float, *, coming: bool) -> list[str]:
    """Those beyond the newest `keep`, a `coming` one among them, or older than `keep_days`; `found`: newest first.

    Never the newest verified one, unless another is coming; never what is not known to be Windlass's.
    """
    settings = config.backups
    ours = [backup for backup in found if backup.why]
    verified = next((backup.name for backup in ours if backup.verified), None)
    since = now - settings.keep_days * DAY if settings.keep_days else 0
    places = max(0, settings.keep - coming)
    return [
        backup.name
        for place, backup in enumerate(ours)
        if (place >= places or backup.created.timestamp() < since) and (coming or backup.name != verified)
    ]


def prune(config: Config, names: Iterable[str]) -> list[Step]:
    """Remove these backups; no step where there are none."""
    old = list(names)
    command = backups.remove(config.layout, old)
    return [Step("remove backups that are too old", command, tolerated=True)] if old else []


def by_hand(config: Config, state: State, old: Iterable[str], *, copy_to: str = "") -> Plan:
    """A backup that somebody asked for; then those that are too old go. `copy_to`: the address of a copy, s3://…"""
    name = name_at(state.now)
    made = Stage("backup", (step(config, name, release=state.live, why="by hand"), *prune(config, old)))
    copied = (Stage("copy", (copy(config, name, copy_to),)),) if copy_to else ()
    where = f", and copied to {copy_to}" if copy_to else ""
    return Plan(
        f"Back up the database of {config.app.name}",
        (made, *copied),
        recovery=_recovery(config),
        record={"backup": name},
        outlook=(f"{config.layout.backup(name)} is made and verified{where}", ""),
    )


def copied(config: Config, name: str, copy_to: str) -> Plan:
    """A copy, off the server, of a backup that is there."""
    return Plan(
        f"Copy {name} off the server",
        (Stage("copy", (copy(config, name, copy_to),)),),
        recovery=_recovery(config),
        record={"backup": name},
        outlook=(f"{name} is copied to {copy_to}", ""),
    )


def copy(config: Config, name: str, to: str) -> Step:
    """Send the backup to the address that the run was given."""
    return Step(
        f"copy to {to}",
        backups.copy(config.layout, name, to),
        timeout=config.database.timeout,
        environment=("given",),
        hint=f"{config.layout.backup(name)} is on the server, verified; fab db.copy --backup {quote(name)} tries again",
    )


def chosen(config: Config, found: Iterable[Backup], named: str) -> Backup:
    """The newest verified backup, or the one of that name. Raises Refused for one that is not there, or not whole."""
    known = list(found)
    backup = next((one for one in known if one.name == named or (one.verified and not named)), None)
    if backup is None:
        raise Refused(
            f"there is no {f'backup {named}' if named else 'verified backup'}", hint="fab db.backups"
        )
    if backup.verified is None:
        raise Refused(f"{backup.name} is not verified: it may not be whole", hint="fab db.backups")
    return backup


def _recovery(config: Config) -> tuple[Step, ...]:
    return (Step("tidy up", backups.sweep(config.layout), timeout=30),)
