"""What a round is: a command, a mishap and a moment, drawn from a seed and the round's number alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

BAD = ("broken_build", "crash_at_start", "hangs_at_start", "answers_500")
"""Commits that must never get visitors."""

_LATE = ("start", "cutover", "soak", "finish")
STAGES = {
    "deploy": ("workspace", "build", *_LATE),
    "bad deploy": ("build", "start"),
    "rollback": _LATE,
    "restart": _LATE,
}
"""The commands, and the stages in which they are struck."""


@dataclass(frozen=True)
class Moment:
    """When it happens: `after` seconds into a stage on the host; without a stage, after a `share` of the usual time."""

    share: float = 0.0
    stage: str = ""
    after: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.after:.2f} s into {self.stage}" if self.stage else f"after {self.share:.0%} of its time"
        )


@dataclass(frozen=True)
class Round:
    """A command that meets a mishap on the host of this number; `follows` says what deploy comes after it."""

    number: int
    command: str
    commit: str
    mishap: str
    host: int
    moment: Moment
    follows: str

    def __str__(self) -> str:
        what = f"{self.command} {self.commit}".rstrip()
        return f"round {self.number}: {what}, {self.mishap} on host {self.host + 1} {self.moment}"


def draw(seed: int, number: int, hosts: int, mishaps: Sequence[str]) -> Round:
    """The round of this number; the same for the same arguments, whatever came before."""
    chance = random.Random(f"{seed} {number} {hosts}")
    command = chance.choice(("deploy", "deploy", *STAGES))
    commit = chance.choice(BAD) if command == "bad deploy" else ""
    mishap, host, moment = chance.choice(mishaps), chance.randrange(hosts), _moment(chance, command)
    if commit == "broken_build" and moment.stage == "start":  # which it never comes to
        moment = replace(moment, stage="build")
    return Round(number, command, commit, mishap, host, moment, chance.choice(("nothing to do", "a deploy")))


def _moment(chance: random.Random, command: str) -> Moment:
    if chance.random() < 0.5:
        return Moment(share=chance.random())
    return Moment(stage=chance.choice(STAGES[command]), after=chance.uniform(0, 0.6) ** 2)
