"""What is known of each host of a run, built from its events; values only, nothing is drawn here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from windlass.clean import cleaned, last_state, one_line
from windlass.events import (
    Ended,
    Event,
    Live,
    Note,
    Output,
    PlanStarted,
    Recovering,
    StepEnded,
    StepStarted,
)
from windlass.report import units


@dataclass(frozen=True)
class StepLine:
    """A step that runs (`state` "running", `since` on the report's clock) or has ended."""

    number: int
    stage: str
    title: str
    state: str
    since: float = 0.0
    seconds: float = 0.0
    reason: str = ""
    tail: tuple[str, ...] = ()
    log: str = ""


@dataclass(frozen=True)
class Remark:
    """A line between the steps; `kind` is live, recovering, note or warning."""

    kind: str
    text: str


@dataclass(frozen=True)
class HostView:
    """One host; `planned` counts the plan's steps, `output` is the last line of the running one."""

    host: str
    since: float
    title: str = ""
    planned: int = 0
    lines: tuple[StepLine | Remark, ...] = ()
    output: str = ""
    ended: Ended | None = None

    @property
    def running(self) -> StepLine | None:
        """The step that runs now."""
        last = next((line for line in reversed(self.lines) if isinstance(line, StepLine)), None)
        return last if last is not None and last.state == "running" else None

    @property
    def recovering(self) -> bool:
        return any(isinstance(line, Remark) and line.kind == "recovering" for line in self.lines)


Board = Mapping[str, HostView]


def advance(board: Board, event: Event, now: float) -> Board:
    """The board after an event; the board given stays as it is. `now` is in seconds on any steady clock."""
    view = board.get(event.host) or HostView(one_line(event.host), now)
    return {**board, event.host: _after(view, event, now)}


def _after(view: HostView, event: Event, now: float) -> HostView:
    match event:
        case PlanStarted():
            changed = replace(view, title=one_line(event.title), planned=len(event.steps))
        case StepStarted():
            started = StepLine(event.number, one_line(event.stage), one_line(event.title), "running", now)
            changed = replace(view, lines=(*view.lines, started), output="")
        case Output():
            changed = replace(view, output=last_state(event.text) or view.output)
        case StepEnded():
            changed = replace(view, lines=_with_end(view, event), output="")
        case Live():
            changed = _remarked(view, "live", f"live after {units.duration(event.seconds)}: {event.release}")
        case Recovering():
            changed = _remarked(view, "recovering", event.reason)
        case Note():
            changed = _remarked(view, event.level, event.text)
        case Ended():
            changed = replace(view, ended=cleaned(event), output="")
        case _:
            changed = view
    return changed


def _with_end(view: HostView, event: StepEnded) -> tuple[StepLine | Remark, ...]:
    ended = StepLine(
        event.number,
        one_line(event.stage),
        one_line(event.title),
        event.state,
        seconds=event.seconds,
        reason=one_line(event.reason),
        tail=tuple(map(last_state, event.tail)),
        log=one_line(event.log),
    )
    for place in range(len(view.lines) - 1, -1, -1):
        line = view.lines[place]
        if isinstance(line, StepLine) and line.state == "running" and line.number == event.number:
            return (*view.lines[:place], ended, *view.lines[place + 1 :])
    return (*view.lines, ended)  # an unchanged step ends without having started


def _remarked(view: HostView, kind: str, text: str) -> HostView:
    return replace(view, lines=(*view.lines, Remark(kind, one_line(text))))
