"""Another state of the app's database: from a backup, a file, or what an earlier restore kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .chosen_database import database_config
from .consent import check_answerable, check_consent
from .options import HELP, RUN_HELP, task

if TYPE_CHECKING:
    from invoke.context import Context

    from windlass.facts.databases import Databases


@task(
    positional=["backup"],
    help={
        **RUN_HELP,
        "backup": "a backup's name, latest, a dump on this machine, or a database that an earlier restore kept",
        "yes": "do not ask",
    },
)
def restore(
    ctx: Context,
    backup: str,
    yes: bool = False,
    dry_run: bool = False,
    app: str | None = None,
    target: str | None = None,
    json: bool = False,
    verbose: bool = False,
) -> None:
    """Put a backup in the database's place; the present one is kept beside it."""
    from invoke.exceptions import Exit

    from windlass.remote.opening import Entry

    from .printing import print_plan
    from .restoring import confirm, local_dump, planned, tell_migrations, warn_of_others
    from .visiting import crew, run

    config = database_config(ctx, app)
    file = local_dump(backup)
    if not (yes or dry_run):
        confirm(ctx, config, backup, file, target=target, json=json)
    entry = Entry("unlocked", as_owner=True) if dry_run else Entry()
    what = "db.restore --dry-run" if dry_run else "db.restore"
    with crew(
        ctx, config, what, target=target, entry=entry, aside=dry_run, first_only=True, json=json,
        verbose=verbose,
    ) as hosts:  # fmt: skip
        (host,) = hosts.hosts
        warn_of_others(hosts)
        plan = planned(hosts, host, backup, file, send=not dry_run)
        if dry_run:
            print_plan(host.name, plan)
            return
        code = run(hosts, [plan], before_end=lambda: tell_migrations(hosts, host))
    if code:
        raise Exit(code=code)


@task(
    positional=["name"],
    help={
        **HELP,
        "name": "a database that an earlier restore kept, as db.backups lists it",
        "yes": "do not ask",
        "dry-run": "print every step's commands instead of running them",
    },
)
def drop(
    ctx: Context,
    name: str,
    yes: bool = False,
    dry_run: bool = False,
    app: str | None = None,
    target: str | None = None,
    json: bool = False,
) -> None:
    """Remove a database that a restore kept; no other can be named."""
    from invoke.exceptions import Exit

    from windlass.errors import UsageError
    from windlass.facts import databases
    from windlass.plans.restorable import check_database
    from windlass.plans.restore import drop
    from windlass.remote.opening import Entry

    from .printing import run_or_print
    from .visiting import crew

    config = database_config(ctx, app)
    check_answerable("db.drop", yes=yes or dry_run)
    check_consent(f"The database {name} is removed for good. Remove it?", yes=yes or dry_run)
    entry = Entry("unlocked", as_owner=True) if dry_run else Entry()
    with crew(
        ctx, config, "db.drop", target=target, entry=entry, aside=dry_run, first_only=True, json=json
    ) as hosts:
        (host,) = hosts.hosts
        found: Databases = host.visit.ask(databases.question())["databases"]
        check_database(config, host.name, found)
        if name not in [kept.name for kept in found.kept]:
            has = ", ".join(kept.name for kept in found.kept) or "none"
            raise UsageError(
                f"{host.name}: no restore of {found.name} kept a database {name} (kept: {has}); nothing was changed",
                hint=f"fab db.backups -H {host.name}",
            )
        code = run_or_print(hosts, [drop(config, name)], dry_run=dry_run)
    if code:
        raise Exit(code=code)
