"""From what was seen of every host's `.env` to the rows that `fab env.list` shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from windlass.config.model import Config
from windlass.facts.env import ServerEnv
from windlass.facts.state import State
from windlass.plans.decide.env import Seen
from windlass.plans.due import differing, remarks, stale
from windlass.report.rows import EnvVersion, HostEnv, Variable


def rows(config: Config, seen: Sequence[Seen]) -> list[HostEnv]:
    """One row a host, with what differs between them."""
    apart = _apart([one.env for one in seen if not one.env.problem])
    return [_row(config, one.host, one.state, one.env, apart) for one in seen]


def _row(config: Config, host: str, state: State, seen: ServerEnv, apart: frozenset[str]) -> HostEnv:
    if seen.problem:
        return HostEnv(host, error=f".env could not be looked at: {seen.problem}")
    old = stale(state, seen)
    variables = tuple(
        Variable(name, _value(seen, name), name in apart, name in old)
        for name in sorted({*seen.variables, *apart, *old})
    )
    return HostEnv(
        host,
        seen.version,
        _moment(seen.since) if seen.version is not None else None,
        state.live,
        state.past.started_with.get(state.live),
        variables,
        _versions(state, seen),
        tuple(remarks(config, host, state, seen)),
    )


def _value(seen: ServerEnv, name: str) -> Literal["set", "empty", "missing"]:
    if name not in seen.variables:
        return "missing"
    return "empty" if name in seen.empty else "set"


def _versions(state: State, seen: ServerEnv) -> tuple[EnvVersion, ...]:
    used = state.past.started_with
    return tuple(
        EnvVersion(
            version.number,
            _moment(version.since),
            tuple(kept.id for kept in state.releases if used.get(kept.id) == version.number),
        )
        for version in seen.versions
    )


def _apart(seen: Sequence[ServerEnv]) -> frozenset[str]:
    """The names of the variables that are not the same on all hosts."""
    return frozenset(name for one in seen[1:] for name in differing(seen[0].variables, one.variables))


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
