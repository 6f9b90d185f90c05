"""The pending migrations, tried on a copy of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .chosen import branch_of, checked_ref
from .chosen_database import database_config
from .options import RUN_HELP, task

if TYPE_CHECKING:
    from invoke.context import Context

    from windlass.config.model import Config
    from windlass.remote.runner import Host


@task(
    help={
        **RUN_HELP,
        "revision": "branch, tag or commit (default: the target's branch, else the app's)",
        "dry-run": "fetch, then print every step's commands instead of running them",
    }
)
def rehearse(
    ctx: Context,
    revision: str | None = None,
    dry_run: bool = False,
    app: str | None = None,
    target: str | None = None,
    json: bool = False,
    verbose: bool = False,
) -> None:
    """Try the pending migrations, and the way back, on a copy of the database."""
    from invoke.exceptions import Exit

    from windlass.commands import migrations
    from windlass.events import Ended
    from windlass.plans.migrate import check
    from windlass.plans.rehearse import plan

    from .looking import look_and_fetch
    from .printing import run_or_print
    from .visiting import crew

    config = database_config(ctx, app)
    named = checked_ref(revision) if revision is not None else None
    what = "db.rehearse --dry-run" if dry_run else "db.rehearse"
    with crew(
        ctx, config, what, target=target, aside=dry_run, first_only=True, json=json, verbose=verbose
    ) as hosts:
        (host,) = hosts.hosts
        seen, found = look_and_fetch(config, host, named or branch_of(config, hosts.target))
        check(config, seen, host.name)
        tool = migrations.tool(config)
        if tool is None or seen.applied is None or not seen.applied.pending(found.migrations):
            text = f"the database has every migration of {found.short}: there is nothing to rehearse"
            hosts.report.emit(Ended(host.name, "nothing-to-do", seen.state.live, hosts.seconds(), text))
            return
        check_copy(config, host)
        code = run_or_print(hosts, [plan(config, seen, found, tool)], dry_run=dry_run)
    if code:
        raise Exit(code=code)


def check_copy(config: Config, host: Host) -> None:
    """Raise NotReady where no copy of the database can be made: no right to, or no room for it."""
    from windlass.facts import databases
    from windlass.plans.restorable import check_database, check_room

    found: databases.Databases = host.visit.ask(databases.question())["databases"]
    check_database(config, host.name, found)
    check_room(host.name, found)
