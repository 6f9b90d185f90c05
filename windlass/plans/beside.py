"""The processes beside the web process: those that may overlap with the other slot's, and those that run alone."""

from __future__ import annotations

from windlass import acts, gates
from windlass.config.model import Config
from windlass.layout import other
from windlass.plan import Step
from windlass.plans.cutover import Cutover
from windlass.supervisors import supervisor


def overlapping(config: Config, to: Cutover) -> list[str]:
    """The pm2 names of the processes beside the web process that may run while the other slot's do."""
    return [name for name in acts.beside(config, to.slot) if name not in to.alone]


def started(
    config: Config, to: Cutover, wanted: list[str], title: str = "start the other processes"
) -> list[Step]:
    """Start these processes of the slot, and see that they stay up."""
    if not wanted:
        return []
    gate = gates.alive(config, to.slot, wanted, known=to.known)
    hint = supervisor(config).place(config, to.slot, wanted[0])
    return [
        Step(title, supervisor(config).start(config, to.slot, wanted), hint=hint),
        Step(f"{', '.join(wanted)} stay up", gate, timeout=gates.longest(gate), hint=hint),
        *([Step("save the process list again", acts.remember())] if supervisor(config).SAVES else []),
    ]


def exclusive(config: Config, to: Cutover) -> list[Step]:
    """The old ones end, then the new ones start: in between none runs."""
    steps = started(config, to, list(to.alone), "start what runs alone")
    if to.ends:
        timeout = 60 + config.web.kill_timeout
        steps.insert(
            0,
            Step(
                f"end {', '.join(to.ends)}", acts.end_these(config, other(to.slot), to.ends), timeout=timeout
            ),
        )
    return steps
