"""Migrations: backed up before, undone on paper while both schemas exist, applied where the database lacks them."""

from __future__ import annotations

from windlass.commands.migrations import Tool
from windlass.config.model import Config
from windlass.errors import NotReady
from windlass.facts.revision import Revision
from windlass.plan import Stage, Step
from windlass.plans import alone, backup
from windlass.plans.build import inside
from windlass.plans.cutover import Cutover
from windlass.plans.look import Look
from windlass.plans.reachable import check_reachable
from windlass.shell import Command, all_of, cmd, quote, when


def check(config: Config, look: Look, host: str) -> None:
    """Raise NotReady where the database is not in a state that a migration may start from."""
    applied = look.applied
    if applied is None:
        return
    check_reachable(config, host, applied.problem)
    names = ", ".join(applied.failed)
    if applied.running:
        pid, seconds = map(int, applied.running.split())
        raise NotReady(
            f"{host}: the database is still at work on a migration{f' ({names})' if names else ''}, for {seconds} s "
            "now; nothing was changed",
            hint=f"wait for it, or end it with SELECT pg_terminate_backend({pid}); what it has done by then stays",
        )
    if applied.failed:
        raise NotReady(
            f"{host}: {names} was begun, did not finish and is not resolved: the database may hold a part of it; "
            "nothing was changed",
            hint=f"fab db.resolve -H {host} shows what it left, and settles it in either direction",
        )


def stages(
    config: Config, look: Look, revision: Revision, to: Cutover, tool: Tool, *, force: bool, migrates: bool
) -> tuple[Stage, ...]:
    """The page on all hosts, then the backup on the one that `migrates`, then the change of the database there.

    Where nothing is pending, the steps of the latter two are unchanged, unless forced. Before the change begins,
    the other hosts note that they keep the page if it fails, as the one that migrates does itself. That one holds the
    database's lock until visitors get what it migrated for.
    """
    pending = look.applied.pending(revision.migrations) if look.applied else ()
    unchanged = "" if pending or force else "the database has every migration"
    saved = _precautions(config, look, to, tool, unchanged) if migrates else []
    alone_with_it = (alone.stage("nothing was migrated"),) if migrates and not unchanged else ()
    applied = [_apply(config, to, tool, pending, unchanged)] if migrates else []
    return (
        *alone_with_it,
        *page(config, to),
        Stage("backup", tuple(saved), ordered=True),
        *(() if migrates else _hold(config, to, unchanged)),
        Stage("migrate", tuple(applied), ordered=True),
    )


def _hold(config: Config, to: Cutover, unchanged: str) -> tuple[Stage, ...]:
    if not to.page_up:
        return ()
    mark = Command(f": >{quote(config.layout.migrated)}")
    return (Stage("hold", (Step("keep the page if the migration fails", mark, unchanged=unchanged),)),)


def page(config: Config, to: Cutover) -> tuple[Stage, ...]:
    """Put the maintenance page up, where this deploy shall have it; one that was left up keeps its mark."""
    if not to.page_up:
        return ()
    layout = config.layout
    left = cmd("grep", "-Eqs", "^(deploy|restore) ", layout.maintenance)
    up = Command(f"echo {quote(f'deploy {to.release}')} >{quote(layout.maintenance)}")
    text = all_of(when(Command(f"! {left}"), cmd("rm", "-f", layout.migrated)), up)
    return (Stage("page", (Step("put the page up", text),)),)


def _precautions(config: Config, look: Look, to: Cutover, tool: Tool, unchanged: str) -> list[Step]:
    layout, database = config.layout, config.database
    steps = []
    if database.backup:
        why = f"deploy {to.release}"
        steps.append(backup.step(config, to.release, release=look.state.live, why=why, unchanged=unchanged))
    if look.state.live:
        down = tool.down_sql(
            layout.workspace_app / database.schema_file,
            layout.release_app(look.state.live) / database.schema_file,
            layout.backups / f"{to.release}.down.sql",
        )
        steps.append(
            Step(
                "record the down SQL",
                inside(layout.workspace_app, down),
                timeout=120,
                environment=("shared",),
                unchanged=unchanged,
                tolerated=True,
            )
        )
    return steps


def _apply(config: Config, to: Cutover, tool: Tool, pending: tuple[str, ...], unchanged: str) -> Step:
    layout, database = config.layout, config.database
    command = tool.migrate() if database.command == "auto" else Command(database.command)
    mark = Command(f": >{quote(layout.migrated)}") if to.page_up else Command("")
    made = f"the backup is {layout.backup(to.release)}; " if database.backup else ""
    return Step(
        "migrate",
        inside(layout.workspace_app, all_of(mark, command)),
        timeout=database.timeout,
        interruptible=False,
        environment=("migrate",),
        unchanged=unchanged,
        hint=(
            f"pending were {', '.join(pending) or 'none'}, and what ran before the failing statement may have been "
            f"applied; {made}next: fab db.resolve shows what is there, and settles it"
        ),
    )
