"""What happens during a run, as values: the runner emits them, the report draws them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Event:
    """Something that happened on a host; `host` is the name the operator gave."""

    host: str

    def as_json(self) -> dict[str, Any]:
        """The event as one flat object; `event` is the class's name in lower case."""
        return {"event": type(self).__name__.lower(), **asdict(self)}


@dataclass(frozen=True)
class Connecting(Event):
    """The first word about a host: its connection is being made."""


@dataclass(frozen=True)
class Connected(Event):
    """The agent runs and, for a locked command, holds the lock; `seconds` since the command began."""

    run: str
    seconds: float


@dataclass(frozen=True)
class PlanStarted(Event):
    """A plan is about to run; `steps` are (stage, title) in order."""

    title: str
    steps: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Planned(Event):
    """In a dry run: what would be run, as bash text; `unchanged` says why it need not, "" where it must.

    `number` counts the steps of the plan; what would undo a stage, or put things right, is 0 and comes last.
    """

    plan: str
    kind: Literal["step", "undo", "recovery"]
    number: int
    stage: str
    title: str
    command: str
    unchanged: str = ""


@dataclass(frozen=True)
class StepStarted(Event):
    number: int
    stage: str
    title: str


@dataclass(frozen=True)
class Output(Event):
    """A line that the running step printed, secrets masked."""

    text: str


@dataclass(frozen=True)
class StepEnded(Event):
    """`tail` is the end of what it printed, at most 20 lines, where it failed or where that is what it is for.

    `log` is the full log on the server.
    """

    number: int
    stage: str
    title: str
    state: Literal["done", "unchanged", "failed", "warned", "cancelled", "timed-out"]
    seconds: float = 0.0
    reason: str = ""
    tail: tuple[str, ...] = ()
    log: str = ""


@dataclass(frozen=True)
class Live(Event):
    """The release answers visitors; `seconds` since the command began."""

    release: str
    revision: str
    seconds: float


@dataclass(frozen=True)
class Recovering(Event):
    """The plan does not go on; what follows makes the server agree with the live slot again."""

    reason: str


@dataclass(frozen=True)
class Note(Event):
    """Something worth saying; `level` "warning" is drawn to be seen."""

    text: str
    level: Literal["note", "warning"] = "note"


@dataclass(frozen=True)
class Ended(Event):
    """The run is over on this host.

    `live` is the release that visitors get now, "" for none or unknown; `was` the one that they got before.
    """

    outcome: Literal["done", "nothing-to-do", "failed", "went-back", "cancelled", "needs-person"]
    live: str
    seconds: float
    message: str = ""
    hint: str = ""
    was: str = ""
