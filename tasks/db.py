"""The app's database: backups, and how it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .chosen_database import database_config
from .copying import chosen_store, give
from .onlookers import onlookers
from .options import HELP, RUN_HELP, task

if TYPE_CHECKING:
    from invoke.context import Context


@task(help=RUN_HELP)
def backup(
    ctx: Context,
    dry_run: bool = False,
    app: str | None = None,
    target: str | None = None,
    json: bool = False,
    verbose: bool = False,
) -> None:
    """Back the database up on the server and verify that; backups that are too old go."""
    from invoke.exceptions import Exit

    from windlass.facts import backups, database, state
    from windlass.plans.backup import by_hand, name_at, too_old
    from windlass.plans.reachable import check_reachable
    from windlass.remote.opening import Entry

    from .printing import run_or_print
    from .visiting import crew

    config = database_config(ctx, app)
    store = chosen_store(config)
    entry = Entry("unlocked", as_owner=True) if dry_run else Entry()
    asked = (state.question(config.layout), database.question(), backups.question(config.layout))
    with crew(
        ctx, config, "db.backup", target=target, entry=entry, aside=dry_run, first_only=True, json=json,
        verbose=verbose,
    ) as hosts:  # fmt: skip
        (host,) = hosts.hosts
        found = host.visit.ask(*asked)
        check_reachable(config, host.name, found["database"].problem)
        if not dry_run:
            host.visit.settle()
        name = name_at(found["state"].now)
        old = too_old(config, found["backups"], found["state"].now, coming=True)
        plan = by_hand(config, found["state"], old, copy_to=store.place(name) if store else "")
        if store and not dry_run:
            give(host, store, name, config)
        code = run_or_print(hosts, [plan], dry_run=dry_run)
    if code:
        raise Exit(code=code)


@task(help={**HELP, "backup": "its name, as db.backups shows it (default: the newest verified one)"})
def copy(
    ctx: Context, backup: str = "", app: str | None = None, target: str | None = None, json: bool = False
) -> None:
    """Copy a backup to the store that the configuration names."""
    from invoke.exceptions import Exit

    from windlass.errors import UsageError
    from windlass.facts import backups
    from windlass.plans.backup import chosen, copied

    from .visiting import crew, run

    config = database_config(ctx, app)
    store = chosen_store(config)
    if store is None:
        raise UsageError(
            "the configuration names no place for copies; nothing was touched",
            hint='[backups] copy_to = "s3://bucket/folder"',
        )
    with crew(ctx, config, "db.copy", target=target, first_only=True, json=json) as hosts:
        (host,) = hosts.hosts
        found = chosen(config, host.visit.ask(backups.question(config.layout))["backups"], backup)
        give(host, store, found.name, config)
        code = run(hosts, [copied(config, found.name, store.place(found.name))])
    if code:
        raise Exit(code=code)


@task(help=HELP)
def backups(ctx: Context, app: str | None = None, target: str | None = None, json: bool = False) -> None:
    """List the backups, newest first, and the databases that restores put aside."""
    from windlass.facts import backups, databases, state
    from windlass.report.tables import show_backups

    from .db_rows import kept, stored

    config = database_config(ctx, app)
    asked = (state.question(config.layout, records=1), backups.question(config.layout), databases.question())
    with onlookers(ctx, config, "db.backups", target=target, first_only=True, json=json) as hosts:
        for host in hosts.hosts:
            found = host.visit.ask(*asked)
            now = found["state"].now
            rows = stored(config, host.name, found["backups"], now)
            rows += kept(host.name, found["databases"].kept, now)
            if not (rows or json):
                print(f"{host.name}  no backups yet: fab db.backup -H {host.name} makes one")
            show_backups(rows, json=json)


@task(help=HELP)
def status(ctx: Context, app: str | None = None, target: str | None = None, json: bool = False) -> None:
    """Show how the database does and which migrations it has.

    Exit code 1 where it does not answer.
    """
    from invoke.exceptions import Exit

    from windlass.errors import ExitCode
    from windlass.facts import backups, database, migrations, shipped, state
    from windlass.report.tables import show_database

    from .db_rows import described
    from .releases import EVERYTHING

    config = database_config(ctx, app)
    asked: list[Any] = [
        state.question(config.layout, records=EVERYTHING),
        database.question(),
        backups.question(config.layout),
        shipped.question(config),
        *migrations.questions(config),
    ]
    with onlookers(ctx, config, "db.status", target=target, first_only=True, json=json) as hosts:
        rows = [described(config, host.name, host.visit.ask(*asked)) for host in hosts.hosts]
        show_database(rows, json=json)
    if any(row.error for row in rows):
        raise Exit(code=ExitCode.FAILED)
