"""Backups of the app's database: made, copied off the server, listed."""

from __future__ import annotations

from collections.abc import Sequence

from windlass.config.model import Config
from windlass.errors import UsageError
from windlass.facts import backups, database, databases, state
from windlass.facts.backups import Backup
from windlass.facts.databases import Kept
from windlass.offsite import Store, key_for
from windlass.offsite import store as store_at
from windlass.operations.crew import LOOKING, crew, onlookers
from windlass.operations.request import Request
from windlass.operations.running import run, run_or_print
from windlass.plans.backup import by_hand, chosen, copied, name_at, too_old
from windlass.plans.reachable import check_reachable
from windlass.remote.runner import Host
from windlass.report.database_rows import StoredBackup
from windlass.report.tables import show_backups
from windlass.tell import tell


def db_backup(request: Request) -> int:
    """Back the database up on the first host and verify that; backups that are too old go. The exit code.

    Where the configuration names a store, a copy goes there. Raises UsageError where none could, NotReady where the
    database does not answer.
    """
    request.check_database()
    config, dry_run = request.config, request.dry_run
    store = _store(config)
    entry = LOOKING if dry_run else None
    asked = (state.question(config.layout), database.question(), backups.question(config.layout))
    with crew(request, "db.backup", entry=entry, aside=dry_run, first_only=True) as hosts:
        (host,) = hosts.hosts
        found = host.visit.ask(*asked)
        check_reachable(config, host.name, found["database"].problem)
        if not dry_run:
            host.visit.settle()
        name = name_at(found["state"].now)
        old = too_old(config, found["backups"], found["state"].now, coming=True)
        key = key_for(config.app.name, host.name, name)
        plan = by_hand(config, found["state"], old, copy_to=store.place(key) if store else "")
        if store and not dry_run:
            _give(host, store, key, config)
        return run_or_print(hosts, [plan])


def db_copy(request: Request, backup: str = "") -> int:
    """Copy a backup, by default the newest verified one, to the store of the configuration; the exit code.

    Raises UsageError where that names no store, Refused for a backup that is not there or may not be whole.
    """
    request.check_database()
    config = request.config
    store = _store(config)
    if store is None:
        raise UsageError(
            "the configuration names no place for copies; nothing was touched",
            hint='[backups] copy_to = "s3://bucket/folder"',
        )
    with crew(request, "db.copy", first_only=True) as hosts:
        (host,) = hosts.hosts
        found = chosen(config, host.visit.ask(backups.question(config.layout))["backups"], backup)
        key = key_for(config.app.name, host.name, found.name)
        _give(host, store, key, config)
        return run(hosts, [copied(config, found.name, store.place(key))])


def db_backups(request: Request) -> int:
    """Print the backups, newest first, and the databases that restores put aside; the exit code.

    Raises Told where the host could not be reached.
    """
    request.check_database()
    config = request.config
    asked = (state.question(config.layout), backups.question(config.layout), databases.question())
    with onlookers(request, "db.backups", first_only=True) as hosts:
        for host in hosts.hosts:
            found = host.visit.ask(*asked)
            now = found["state"].now
            rows = stored(config, host.name, found["backups"], now)
            rows += kept(host.name, found["databases"].kept, now)
            if not (rows or request.json):
                tell(f"{host.name}  no backups yet: fab db.backup -H {host.name} makes one")
            show_backups(rows, json=request.json)
    return 0


def stored(config: Config, host: str, found: Sequence[Backup], now: float) -> list[StoredBackup]:
    """One host's backups, in the order given; `now` by the server's clock, in seconds since the epoch."""
    return [
        StoredBackup(
            host,
            backup.name,
            backup.created,
            max(0.0, now - backup.created.timestamp()),
            backup.bytes,
            backup.release,
            backup.why,
            backup.version,
            backup.verified,
            str(config.layout.backup(backup.name)),
            backup.copied,
        )
        for backup in found
    ]


def kept(host: str, found: Sequence[Kept], now: float) -> list[StoredBackup]:
    """One host's databases that restores put aside, newest first; `now` as of `stored`."""
    return [
        StoredBackup(
            host,
            one.name,
            one.since,
            max(0.0, now - one.since.timestamp()),
            one.size or 0,
            why="put aside by db.restore",
        )
        for one in reversed(found)
    ]


def _store(config: Config) -> Store | None:
    """The store of the configuration, None for none. Raises UsageError where nothing can be copied there."""
    settings = config.backups
    found = store_at(settings.copy_to, settings.endpoint)
    if found:
        found.upload_url("try", 60)  # before anything is connected to
    return found


def _give(host: Host, store: Store, key: str, config: Config) -> None:
    """Let the agent know the address that takes this backup: good for as long as dump and upload may last."""
    url = store.upload_url(key, 2 * config.database.timeout)
    host.visit.send("give", variables={"UPLOAD_URL": url})
