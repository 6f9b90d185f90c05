"""Whether migrations can be taken back, to which release, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from windlass.commands.migrations import Tool
from windlass.config.model import Config
from windlass.errors import NotReady
from windlass.facts.applied import Applied
from windlass.facts.state import State
from windlass.plan import Plan
from windlass.plans import undo
from windlass.plans.reachable import check_reachable
from windlass.plans.ways import Way
from windlass.sql import Change


@dataclass(frozen=True)
class Seen:
    """One host: its whole ledger, what its database has and the live release came with.

    `problem` says why the database did not answer.
    """

    host: str
    state: State
    applied: Applied
    shipped: tuple[str, ...] = ()
    problem: str = ""


def aim(config: Config, seen: Seen, named: str | None) -> str:
    """The release whose migrations are left: the one named by id or commit, else as `undo.aim` chooses.

    Raises NotReady where the database does not answer or a migration is not finished; UsageError and Refused as
    `undo.aim` does.
    """
    check_reachable(config, seen.host, seen.problem)
    applied = seen.applied
    if applied.failed or applied.running:
        names = ", ".join(applied.failed) or "a migration"
        raise NotReady(
            f"{seen.host}: {names} was begun and is not finished; nothing was changed",
            hint=f"fab db.resolve -H {seen.host} says what it left, and how to go on",
        )
    return undo.aim(seen.state, applied.names, seen.shipped, named)


def decide(
    config: Config,
    seen: Seen,
    tool: Tool,
    ways: Sequence[Way],
    losses: Mapping[Change, int | None],
    *,
    to: str,
) -> Plan:
    """The plan that goes these ways, which is not none; its notes say the SQL, and what goes with it."""
    plan = undo.take_back(config, seen.state, tool, ways, to=to)
    return replace(plan, notes=(*plan.notes, *(f"this drops {line}" for line in undo.lost(losses))))
