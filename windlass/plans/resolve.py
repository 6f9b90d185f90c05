"""A migration that was begun and not finished: what it left, and how to go on in either direction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from windlass.commands import backups
from windlass.commands.migrations import Tool
from windlass.commands.undo import in_one_transaction
from windlass.config.model import Config
from windlass.errors import Refused, UsageError
from windlass.facts.applied import Applied
from windlass.facts.traces import There
from windlass.plan import Plan, Stage, Step
from windlass.plans import alone
from windlass.sql import Change, Statement, changes, statements

Direction = Literal["applied", "rolled back"]
State = Literal["applied", "not applied", "broken", "unknown"]

WORDS: Mapping[State, str] = {
    "applied": "is there",
    "not applied": "is not there",
    "broken": "is there, and invalid: drop it",
    "unknown": "cannot be seen by looking",
}


@dataclass(frozen=True)
class Trace:
    """A statement of the migration, and whether the database shows it."""

    statement: Statement
    state: State

    def line(self) -> str:
        """The statement's first line with what is known of it."""
        return f"{self.statement.text.splitlines()[0][:90]}: {WORDS[self.state]}"


@dataclass(frozen=True)
class Left:
    """What a failed migration left: `said` is its own error, `backup` the dump from before, "" where there is none."""

    migration: str
    traces: tuple[Trace, ...]
    said: str = ""
    backup: str = ""

    def as_json(self) -> dict[str, Any]:
        """As `fab db.resolve --json` prints it."""
        known = [{"sql": trace.statement.text, "state": trace.state} for trace in self.traces]
        return {"migration": self.migration, "statements": known, "said": self.said, "backup": self.backup}

    def lines(self) -> list[str]:
        """All of it in words."""
        known = [f"    {trace.line()}" for trace in self.traces] or ["    its SQL was not found"]
        return [
            f"{self.migration} was begun and did not finish{f': {self.said}' if self.said else ''}",
            *known,
            f"the backup from before it is {self.backup}"
            if self.backup
            else "there is no backup from before it",
        ]


def traced(sql: str, there: Mapping[Change, There]) -> tuple[Trace, ...]:
    """Each statement with what the database shows of it; `there` is about what `changes_of` lists."""
    return tuple(Trace(one, _state(one, there)) for one in statements(sql) if not one.brackets)


def changes_of(sql: str) -> list[Change]:
    """Everything that the statements make and drop."""
    return [change for statement in statements(sql) for change in changes(statement)]


def _state(statement: Statement, there: Mapping[Change, There]) -> State:
    found = {
        "broken" if there[change] == "broken" else (there[change] == "there") == change.made
        for change in changes(statement)
        if change in there
    }
    if "broken" in found:
        return "broken"
    if len(found) != 1:
        return "unknown"
    return "applied" if True in found else "not applied"


def chosen(applied: Applied, named: str | None) -> str:
    """The migration to resolve. Raises Refused where none is to be, UsageError where it must be named."""
    if applied.running:
        pid, seconds = map(int, applied.running.split())
        raise Refused(
            f"the database is still at work on a migration, for {seconds} s now; nothing was changed",
            hint=f"wait for it, or end it with SELECT pg_terminate_backend({pid}) in fab db.console",
        )
    if named is not None and named not in applied.failed:
        listed = ", ".join(applied.failed) or "none"
        raise UsageError(f"{named} is no failed migration (those are: {listed}); nothing was changed")
    if named is None and len(applied.failed) > 1:
        raise UsageError(
            f"several migrations failed ({', '.join(applied.failed)}); nothing was changed",
            hint="name one with --migration",
        )
    return named or next(iter(applied.failed), "")


def doubts(left: Left, direction: Direction) -> list[str]:
    """What speaks against resolving it that way, in words."""
    if direction == "rolled back":
        still = [trace for trace in left.traces if trace.state in ("applied", "broken")]
        why = "is still there, and the migration's next try fails on it, unless it was there before"
    else:
        still = [trace for trace in left.traces if trace.state in ("not applied", "broken")]
        why = "is missing, and nothing will make it"
    return [f"{trace.statement.text.splitlines()[0][:90]}: {why}" for trace in still]


def resolve(config: Config, tool: Tool, migration: str, direction: Direction, checksum: str) -> Plan:
    """Have the account of migrations say that a failed one is applied, or that it is pending again."""
    applied = direction == "applied"
    mark = tool.mark_applied(migration, checksum) if applied else tool.mark_rolled_back(migration)
    sql = in_one_transaction((), before=tool.LOCK, after=mark, lock_timeout=config.database.lock_timeout)
    step = Step(
        f"mark {migration} as {direction}",
        sql,
        timeout=60,
        interruptible=False,
        environment=("database",),
        hint="the account of migrations is as it was; fab db.resolve says what there is",
    )
    outlook = (
        (f"{migration} counts as applied", "fab deploy goes on from there")
        if applied
        else (
            f"{migration} is pending again",
            "a deploy that has it applies it anew; one without it leaves it out",
        )
    )
    return Plan(
        f"Resolve {migration} as {direction}",
        (alone.stage("the account of migrations is as it was"), Stage("resolve", (step,))),
        recovery=(Step("tidy up", backups.sweep(config.layout), timeout=30),),
        record={"resolved": migration, "as": direction},
        outlook=outlook,
    )


def ways_on(host: str) -> str:
    """What to type after a failed migration."""
    return (
        f"complete by hand what is missing (fab db.console -H {host}), then fab db.resolve --applied -H {host}; "
        f"or take back by hand what is there, then fab db.resolve --rolled-back -H {host}"
    )
