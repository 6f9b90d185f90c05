"""Who holds the app's lock, and whether they still live."""

from __future__ import annotations

import json
from dataclasses import dataclass

from windlass.layout import Layout
from windlass.question import Answer, Question
from windlass.shell import cmd


@dataclass(frozen=True)
class Holder:
    """A held lock. `seconds` since it was taken, `pid` the agent's, `group` the process group of its step.

    `agent`: that agent still runs. Texts are "" and numbers 0 where the holder has not said them.
    """

    who: str
    what: str
    run: str
    step: str
    pid: int
    group: int
    seconds: float | None
    agent: bool


def question(layout: Layout) -> Question[Holder | None]:
    """None where the lock is free."""
    return Question("lock", cmd("cat", layout.lock), parse, "lock", {"path": str(layout.lock)})


def parse(answer: Answer) -> Holder | None:
    """Raises ValueError where the agent could not look."""
    if answer.code:
        raise ValueError(f"the lock could not be looked at: {answer.err}")
    found = json.loads(answer.out)
    return Holder(**found) if found else None
