"""What becomes of each host's `.env`, and whether it may."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from windlass.config.model import Config
from windlass.errors import NotReady
from windlass.facts.env import ServerEnv
from windlass.facts.state import State
from windlass.plans.decide.decision import AsItIs, Decision, Said
from windlass.plans.env import Change, back, pushed, put


@dataclass(frozen=True)
class Seen:
    """One host, and its `.env`."""

    host: str
    state: State
    env: ServerEnv


@dataclass(frozen=True)
class Coming:
    """A file that is pushed, with the digests of its variables; `warnings` are of what is odd about it."""

    name: str
    variables: Mapping[str, str]
    warnings: tuple[str, ...] = ()


def decide(config: Config, seen: Sequence[Seen], wanted: Coming | int) -> tuple[Decision, list[Change]]:
    """The plans that put a file, or the kept version of that number, in place on every host, or that all have it.

    With what changes on each host. Raises NotReady where a `.env` could not be read, or would lack its database's
    URL; Refused where a version is not kept, or is not the same everywhere.
    """
    changes = _changes(config, seen, wanted)
    plans = [put(config, one.host, one.state, change) for one, change in zip(seen, changes, strict=True)]
    said = tuple(_said(seen, changes, wanted))
    if all(change.unchanged for change in changes):
        there = [AsItIs(one.host, "", *plan.outlook) for one, plan in zip(seen, plans, strict=True)]
        return Decision(said=said, as_it_is=tuple(there)), changes
    return Decision(tuple(plans), said), changes


def _changes(config: Config, seen: Sequence[Seen], wanted: Coming | int) -> list[Change]:
    own = (config.database.url,)
    for one in seen:
        if one.env.problem:
            raise NotReady(f"{one.host}: .env could not be looked at: {one.env.problem}; nothing was changed")
    there = [one.env for one in seen]
    if isinstance(wanted, int):
        return back([one.host for one in seen], there, wanted, own)
    changes = pushed(there, wanted.variables, own)
    for one, change in zip(seen, changes, strict=True):
        absent = [name for name in own if name in config.shared.required and name not in change.variables]
        if absent:
            raise NotReady(
                f"{absent[0]} is neither in {wanted.name} nor on {one.host}; nothing was changed",
                hint=f"put it in {wanted.name}, or fab setup --database -H root@{one.host.rpartition('@')[2]}",
            )
    return changes


def _said(seen: Sequence[Seen], changes: Sequence[Change], wanted: Coming | int) -> Iterator[Said]:
    """What is odd about the file, and the names that change on each host."""
    for warning in () if isinstance(wanted, int) else wanted.warnings:
        yield Said(seen[0].host, warning)
    for one, change in zip(seen, changes, strict=True):
        if not change.unchanged:
            yield Said(one.host, change.words() or "no variable is another one", warning=False)
