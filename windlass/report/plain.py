"""Plain lines for a pipe or a log: what happened, without times of day, so that two runs can be compared."""

from __future__ import annotations

from windlass.clean import cleaned, last_state, one_line
from windlass.events import (
    Connected,
    Connecting,
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
from windlass.report.sink import Sink
from windlass.report.steady import Steady
from windlass.report.summary import GOOD, advice, summary

TAIL = 20
"""Lines of a failed step's output that are shown; the log on the server has them all."""


class PlainReport(Steady):
    """One line an event: `host  step  state  seconds`, two spaces between; the format is stable.

    Of a failed step the end of its output follows, each line behind `host  | `; `verbose` shows all output
    as it comes. The message and hint of a run that did not end well go to `errors`.
    """

    def __init__(self, sink: Sink, errors: Sink, *, verbose: bool = False) -> None:
        self._sink = sink
        self._errors = errors
        self._verbose = verbose

    def emit(self, event: Event) -> None:
        """Write the event's lines, if it has any."""
        if isinstance(event, Ended):
            self._end(cleaned(event))
        else:
            _write(self._sink, told(event, verbose=self._verbose))

    def _end(self, ended: Ended) -> None:
        _write(self._sink, [summary(ended)])
        _write(self._sink if ended.outcome in GOOD else self._errors, advice(ended))


def told(event: Event, *, verbose: bool = False) -> list[str]:
    """The lines of any event but `Ended`."""
    match event:
        case Connecting():
            parts = ["connecting", "started"]
        case Connected():
            parts = ["connecting", "done", _seconds(event.seconds)]
        case PlanStarted():
            count = len(event.steps)
            parts = [event.title, "planned", f"{count} step{'' if count == 1 else 's'}"]
        case StepStarted():
            parts = [event.title, "started"]
        case Output():
            parts = ["| " + last_state(event.text)] if verbose else []
        case StepEnded():
            return _ended(event, verbose=verbose)
        case Live():
            parts = [event.release, "live", _seconds(event.seconds)]
        case Recovering():
            parts = ["recovery", "started", event.reason]
        case Note():
            parts = [event.level, event.text]
        case _:
            parts = [str(event.as_json())]
    return [_row(event.host, *parts)] if parts else []


def _ended(event: StepEnded, *, verbose: bool) -> list[str]:
    found = [_row(event.host, event.title, event.state, _seconds(event.seconds), event.reason)]
    if not verbose:  # else it has been shown
        found += [_row(event.host, "| " + last_state(text)) for text in event.tail[-TAIL:]]
    if event.log and event.state not in ("done", "unchanged"):
        found.append(_row(event.host, "log", event.log))
    return found


def _row(*parts: str) -> str:
    return "  ".join(one_line(part) for part in parts if part)


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s"


def _write(sink: Sink, found: list[str]) -> None:
    if found:
        sink.write("\n".join(found) + "\n")
