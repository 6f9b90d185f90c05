"""The database's way back: migrations that a release brought, and what a failed one left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .chosen_database import database_config
from .consent import check_answerable
from .options import RUN_HELP, task

if TYPE_CHECKING:
    from invoke.context import Context


@task(
    name="rollback",
    help={
        **RUN_HELP,
        "to": "take back what came after this release, named by id or commit (default: what the live release "
        "does not know, else what it brought)",
        "yes": "do not ask",
    },
)
def rollback(
    ctx: Context,
    to: str | None = None,
    yes: bool = False,
    dry_run: bool = False,
    app: str | None = None,
    target: str | None = None,
    json: bool = False,
    verbose: bool = False,
) -> None:
    """Take migrations back: backed up first, then their SQL in one transaction."""
    from invoke.exceptions import Exit

    from windlass.remote.opening import Entry

    from .undoing import take_back
    from .visiting import crew

    config = database_config(ctx, app)
    check_answerable("db.rollback", yes=yes or dry_run)
    entry = Entry("unlocked", as_owner=True) if dry_run else Entry()
    with crew(
        ctx, config, "db.rollback", target=target, entry=entry, aside=dry_run, first_only=True, json=json,
        verbose=verbose,
    ) as hosts:  # fmt: skip
        code = take_back(hosts, to, yes=yes, dry_run=dry_run)
    if code:
        raise Exit(code=code)


@task(
    help={
        **RUN_HELP,
        "applied": "it was completed by hand: let it count as applied",
        "rolled-back": "what it did was taken back by hand: let it be pending again",
        "migration": "which, where several failed (default: the only one)",
        "yes": "do not ask",
    },
)
def resolve(
    ctx: Context,
    applied: bool = False,
    rolled_back: bool = False,
    migration: str | None = None,
    yes: bool = False,
    dry_run: bool = False,
    app: str | None = None,
    target: str | None = None,
    json: bool = False,
    verbose: bool = False,
) -> None:
    """Show what a failed migration left; with a direction, settle it."""
    from invoke.exceptions import Exit

    from windlass.errors import UsageError
    from windlass.remote.opening import Entry

    from .resolving import settle, show
    from .visiting import crew

    if applied and rolled_back:
        raise UsageError(
            "--applied and --rolled-back are two ways; nothing was touched", hint="give one of them"
        )
    config = database_config(ctx, app)
    changes = (applied or rolled_back) and not dry_run
    if changes:
        check_answerable("db.resolve", yes=yes)
    entry = Entry() if changes else Entry("unlocked", as_owner=True)
    with crew(
        ctx, config, "db.resolve", target=target, entry=entry, aside=not changes, first_only=True, json=json,
        verbose=verbose,
    ) as hosts:  # fmt: skip
        if applied or rolled_back:
            code = settle(hosts, "applied" if applied else "rolled back", migration, yes=yes, dry_run=dry_run)
        else:
            code = show(hosts, migration, json=json)
    if code:
        raise Exit(code=code)
