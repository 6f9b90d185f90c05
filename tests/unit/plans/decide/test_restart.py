"""What a restart asks of what it starts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit import made
from windlass.config.model import Config
from windlass.facts.state import Release
from windlass.manifest import Manifest, manifest_of
from windlass.plan import Gate, Plan
from windlass.plans.decide import restart

LIVE, REVISION = "0002-bbbbbbb", "b" * 40


def planned(config: Config, manifest: Manifest | None) -> Plan:
    state = made.live(LIVE, releases=(Release(LIVE, REVISION, "", manifest),))
    (plan,) = restart.decide(config, {"shop": made.look(state)}).plans
    return plan


def watched(plan: Plan) -> float:
    """Seconds for which what is started must be well before it gets visitors."""
    (gate,) = (
        step.action
        for step in plan.stages[0].steps
        if isinstance(step.action, Gate) and step.action.name == "healthy"
    )
    return float(gate.arguments["min_healthy"])


@pytest.mark.parametrize("tables", [{}, {"processes": {"worker": {"script": "worker.js"}}}])
def test_what_is_started_otherwise_than_it_was_is_watched_as_what_was_never_live(
    tables: dict[str, Any],
) -> None:
    before = made.config()
    config = made.config(**tables)
    plan = planned(config, manifest_of(before, "blue", LIVE, REVISION, "/usr/bin"))
    health = config.health
    assert watched(plan) == (health.min_healthy if tables else health.min_healthy_known)


def test_what_nobody_noted_is_taken_to_be_as_it_was() -> None:
    config = made.config()
    assert watched(planned(config, None)) == config.health.min_healthy_known
