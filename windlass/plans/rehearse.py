"""The pending migrations, and the way back from them, tried on a copy of the database."""

from __future__ import annotations

from dataclasses import replace

from windlass.commands import rehearsal, scratch
from windlass.commands.migrations import Tool
from windlass.config.model import Config
from windlass.facts.revision import Revision
from windlass.plan import Plan, Stage, Step
from windlass.plans import backup, build, golive
from windlass.plans.look import Look
from windlass.shell import Command

UNHARMED = "only a copy was changed: the database is as it was"


def plan(config: Config, look: Look, revision: Revision, tool: Tool) -> Plan:
    """The rehearsal alone, in the workspace and on a scratch database; no release comes of it."""
    return Plan(
        f"Rehearse the migrations of {revision.short} for {config.app.name}",
        (build.workspace(config, look, revision, force=False), stage(config, look, revision, tool)),
        recovery=golive.recover(config),
        prologue=build.prologue(config, look),
        record={"rehearsed": revision.hash},
        notes=_notes(look, revision),
        outlook=("the migrations and the way back were rehearsed; the copy is dropped", ""),
    )


def stage(config: Config, look: Look, revision: Revision, tool: Tool) -> Stage:
    """Restore the newest verified backup, or one made now, into a scratch database; migrate it, and take that back.

    Wants the revision in the workspace. A recovery drops the scratch database too.
    """
    layout, newest = config.layout, next((one for one in look.backups if one.verified), None)
    name = newest.name if newest else backup.name_at(look.state.now)
    made = backup.step(config, name, release=look.state.live, why="before a rehearsal")
    files = [layout.run / f"rehearsal-{when}.next" for when in ("dump", "before", "after", "back")]
    dump, before, after, back = files
    own = config.database.command
    migrate = build.inside(layout.workspace_app, tool.migrate() if own == "auto" else Command(own))
    steps = (
        replace(made, unchanged=f"{name} is there") if newest else made,
        _step(config, "make a scratch database", scratch.create()),
        _step(config, f"restore {name} into it", scratch.fill(layout.backup(name), dump)),
        _step(config, "compare the rows", scratch.compare(dump, before), show=True),
        Step(
            "rehearse the migrations",
            rehearsal.guarded(config.database.url, migrate),
            config.database.timeout,
            environment=("scratch",),
            hint=f"{UNHARMED}; on it these migrations would fail: {', '.join(_pending(look, revision))}",
        ),
        _step(config, "count the rows", scratch.counts(after)),
        _way_back(config, look, revision, tool),
        _step(config, "count the rows again", scratch.counts(back)),
        _step(config, "say what became of the rows", rehearsal.tell(before, after, back), show=True),
        _step(config, "drop the scratch database", scratch.drop()),
    )
    return Stage("rehearse", steps)


def _way_back(config: Config, look: Look, revision: Revision, tool: Tool) -> Step:
    layout, database = config.layout, config.database
    live = layout.release_app(look.state.live) / database.schema_file
    sql = layout.run / "rehearsal-down.sql.next"
    text = rehearsal.take_back(
        layout.workspace_app / database.migrations,
        _pending(look, revision),
        sql,
        tool.down_sql(layout.workspace_app / database.schema_file, live, sql),
    )
    unchanged = "" if look.state.live else "nothing is live, so there is nothing to go back to"
    return Step(
        "rehearse the way back",
        build.inside(layout.workspace_app, text),
        database.timeout,
        environment=("shared", "database"),
        hint=f"{UNHARMED}; the migrations went well, and their down SQL did not: fab db.rollback would fail likewise",
        unchanged=unchanged,
    )


def _pending(look: Look, revision: Revision) -> tuple[str, ...]:
    return look.applied.pending(revision.migrations) if look.applied else ()


def _notes(look: Look, revision: Revision) -> tuple[str, ...]:
    return (f"pending migrations: {', '.join(_pending(look, revision))}",)


def _step(config: Config, title: str, command: Command, *, show: bool = False) -> Step:
    timeout = config.database.timeout
    return Step(title, command, timeout, environment=("database",), hint=UNHARMED, show=show)
