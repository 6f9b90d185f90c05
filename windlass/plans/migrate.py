"""Migrations: backed up before, undone on paper while both schemas exist, applied where the database lacks them."""

from __future__ import annotations

from windlass.commands import postgres, prisma
from windlass.config import Config
from windlass.facts.revision import Revision
from windlass.plan import Stage, Step
from windlass.plans.build import inside
from windlass.plans.golive import Cutover
from windlass.plans.look import Look
from windlass.shell import Command, all_of, quote


def migrate(config: Config, look: Look, revision: Revision, to: Cutover, *, force: bool) -> Stage:
    """The stage that changes the database; its steps are unchanged where nothing is pending, unless forced."""
    pending = look.applied.pending(revision.migrations) if look.applied else ()
    unchanged = "" if pending or force else "the database has every migration"
    steps = [
        *_page(config, to),
        *_precautions(config, look, to, unchanged),
        _apply(config, to, pending, unchanged),
    ]
    return Stage("migrate", tuple(steps), ordered=True)


def _page(config: Config, to: Cutover) -> list[Step]:
    if not to.page_up:
        return []
    text = Command(f"echo {quote(f'deploy {to.release}')} >{quote(config.layout.maintenance)}")
    return [Step("put the page up", text)]


def _precautions(config: Config, look: Look, to: Cutover, unchanged: str) -> list[Step]:
    layout, database = config.layout, config.database
    steps = []
    if database.backup:
        dump = postgres.backup(layout.backups / f"{to.release}.dump")
        steps.append(
            Step(
                "back up the database",
                dump,
                timeout=database.timeout,
                environment=("database",),
                unchanged=unchanged,
            )
        )
    if look.state.live:
        down = prisma.down_sql(
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


def _apply(config: Config, to: Cutover, pending: tuple[str, ...], unchanged: str) -> Step:
    layout, database = config.layout, config.database
    command = prisma.migrate() if database.command == "auto" else Command(database.command)
    mark = Command(f": >{quote(layout.migrated)}") if to.page_up else Command("")
    backup = f"the backup is {layout.backups}/{to.release}.dump; " if database.backup else ""
    return Step(
        "migrate",
        inside(layout.workspace_app, all_of(mark, command)),
        timeout=database.timeout,
        interruptible=False,
        environment=("migrate",),
        unchanged=unchanged,
        hint=(
            f"pending were {', '.join(pending) or 'none'}, and what ran before the failing statement may have been "
            f"applied; {backup}in {layout.workspace_app}: npx prisma migrate status, then npx prisma migrate resolve"
        ),
    )
