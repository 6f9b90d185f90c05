"""The way of several hosts through their plans: the stages of the same name, in an order that suits all plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from windlass.plan import Plan, Stage


@dataclass(frozen=True)
class Leg:
    """The stages of one name, by host; a host whose plan has none passes at once."""

    name: str
    stages: Mapping[str, Stage]

    @property
    def ordered(self) -> bool:
        """Whether the hosts go one after the other."""
        return any(stage.ordered for stage in self.stages.values())

    @property
    def settles(self) -> bool:
        """Whether nothing is undone on a host that was told to begin it."""
        return any(stage.settles for stage in self.stages.values())

    @property
    def whole(self) -> bool:
        """Whether to end in the midst of it could leave hosts that differ."""
        return any(stage.on_cancel == "finish" for stage in self.stages.values())

    @property
    def watches(self) -> bool:
        """Whether it may be cut short, and what was done stays."""
        return not (self.whole or self.settles) and any(
            stage.on_cancel == "keep" for stage in self.stages.values()
        )


def legs(plans: Mapping[str, Plan]) -> list[Leg]:
    """The legs of these plans, by host, so that each plan's own order holds wherever the plans agree."""
    names: list[str] = []
    for plan in plans.values():
        _weave(names, [stage.name for stage in plan.stages])
    found = {name: {host: _named(plan, name) for host, plan in plans.items()} for name in names}
    return [
        Leg(name, {host: stage for host, stage in stages.items() if stage is not None})
        for name, stages in found.items()
    ]


def _weave(names: list[str], others: Sequence[str]) -> None:
    """Put the names that are missing behind those that they come after."""
    place = 0
    for name in others:
        if name not in names:
            names.insert(place, name)
        place = names.index(name) + 1


def _named(plan: Plan, name: str) -> Stage | None:
    return next((stage for stage in plan.stages if stage.name == name), None)
