"""Taking migrations back: to which release, and as one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from windlass.commands import backups
from windlass.commands.migrations import Tool
from windlass.commands.undo import in_one_transaction
from windlass.config.model import Config
from windlass.errors import UsageError
from windlass.facts.state import State
from windlass.plan import Plan, Stage, Step
from windlass.plans import alone, backup
from windlass.plans.rollback import kept_for, previous
from windlass.plans.ways import Way
from windlass.sql import Change


def aim(state: State, applied: frozenset[str], shipped: Iterable[str], named: str | None) -> str:
    """The release whose migrations shall be left.

    The one named by its id or its commit; else the live one, where the database is ahead of it; else the one that a
    rollback would go to. Raises UsageError for a name that nobody knows, Refused where there is no such release.
    """
    if named is not None:
        return _named(state, named)
    if state.live and applied - set(shipped):
        return state.live
    return previous(state).id


def _named(state: State, named: str) -> str:
    if kept := state.release(named) or kept_for(state, named.lower()):
        return kept.id
    known = {**state.past.revisions, **{kept.id: kept.revision for kept in state.releases}}
    for release, revision in reversed(known.items()):
        if named in (release, release.partition("-")[0]) or (
            len(named) >= 7 and revision.startswith(named.lower())
        ):
            return release
    raise UsageError(
        f"no release {named!r} is known; nothing was changed", hint="fab releases and fab history list them"
    )


def take_back(config: Config, state: State, tool: Tool, undone: Sequence[Way], *, to: str) -> Plan:
    """Back the database up, then run the SQL and strike the migrations from the account, whole or not at all.

    `to` is the release whose migrations are left.
    """
    names = [name for way in undone for name in way.migrations]
    dump = backup.name_at(state.now)
    layout = config.layout
    sql = in_one_transaction(
        [statement.text for way in undone for statement in way.statements],
        before=tool.LOCK,
        after=tool.forget(names),
        lock_timeout=config.database.lock_timeout,
    )
    step = Step(
        "take the migrations back",
        sql,
        timeout=config.database.timeout,
        interruptible=False,
        environment=("database",),
        hint=f"it was one transaction: the database is as it was; a backup is in {layout.backup(dump)}",
    )
    ahead = (
        "" if state.live == to else f"{state.live} is live and was made for them: fab rollback, or fab deploy"
    )
    return Plan(
        f"Take {len(names)} migration{'s' if len(names) > 1 else ''} of {config.app.name} back",
        (
            alone.stage("the database is as it was"),
            Stage("backup", (backup.step(config, dump, release=state.live, why="before db.rollback"),)),
            Stage("undo", (step,)),
        ),
        recovery=(Step("tidy up", backups.sweep(layout), timeout=30),),
        record={"undone": names, "backup": dump},
        notes=tuple(described(undone)),
        outlook=(
            f"the database has the migrations of {to}; a backup from before is {layout.backup(dump)}",
            ahead,
        ),
    )


def described(undone: Iterable[Way]) -> list[str]:
    """Each migration with the SQL that takes it back, a line each."""
    lines = []
    for way in undone:
        lines.append(f"{', '.join(way.migrations)}: taken back by {way.source}")
        lines += [f"    {line}" for one in way.statements for line in f"{one.text};".splitlines()]
        if not way.statements:
            lines.append("    (no statement: only the account of migrations changes)")
    return lines


def lost(drops: Mapping[Change, int | None]) -> list[str]:
    """What goes with it, a line each, the values counted where that could be done."""
    words = {"table": "rows", "rows": "rows at most", "column": "values"}
    lines = []
    for change, count in drops.items():
        what = f"{change.table}.{change.name}" if change.table else change.name
        amount = "not counted" if count is None else f"{count:,} {words[change.thing]}"
        thing = "rows of" if change.thing == "rows" else change.thing
        lines.append(f"{thing} {what}: {amount}")
    return lines
