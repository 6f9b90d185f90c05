"""The tree that a terminal shows: a host's plan, its steps under their stages, what runs now."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells
from rich.text import Text

from windlass.report import units
from windlass.report.board import HostView, Remark, StepLine
from windlass.report.plain import TAIL
from windlass.report.summary import GOOD

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
ASCII_SPINNER = "-\\|/"
LOG = "  full log on the server: "

STYLES = {
    "running": "cyan",
    "done": "green",
    "unchanged": "dim",
    "failed": "bold red",
    "timed-out": "bold red",
    "warned": "yellow",
    "cancelled": "yellow",
    "live": "bold green",
    "recovering": "bold magenta",
    "note": "",
    "warning": "bold yellow",
}
MARKS = {
    "done": "✔",
    "unchanged": "·",
    "failed": "✘",
    "timed-out": "✘",
    "warned": "!",
    "cancelled": "■",
    "live": "★",
    "recovering": "↺",
    "note": "i",
    "warning": "!",
}
ASCII_MARKS = {**MARKS, "done": "+", "unchanged": ".", "failed": "x", "timed-out": "x", "cancelled": "#"}
ASCII_MARKS |= {"live": "*", "recovering": "<"}
NARROWEST_TITLE = 16
BESIDE_TITLE = 42
"""Columns for what stands beside a step's title: its stage, a mark, a time, a word for its end."""


@dataclass(frozen=True)
class Canvas:
    """How wide a line may be, the moment, and whether marks outside ASCII can be shown."""

    width: int
    now: float
    ascii: bool = False
    final: bool = False

    def mark(self, state: str) -> str:
        if state != "running":
            return (ASCII_MARKS if self.ascii else MARKS)[state]
        if self.final:
            return "?"
        frames = ASCII_SPINNER if self.ascii else SPINNER
        return frames[int(self.now * 8) % len(frames)]


def draw(view: HostView, canvas: Canvas, room: int | None = None) -> list[Text]:
    """The host's lines, none wider than the canvas but a log's path, which must stay fit to be copied.

    At most `room` of them: the last are kept, since that is where things happen.
    """
    head = _head(view, canvas)
    body = _body(view, canvas)
    if room == 1 and view.running is not None:
        head.append(f"  {view.running.title}", STYLES["running"])
    if room is not None and len(body) + 1 > room:
        kept = body[len(body) - max(0, room - 2) :]
        above = Text(f"  … {len(body) - len(kept)} lines above", "dim")
        body = [above, *kept] if room > 1 else []
    found = [head, *body]
    for line in found:
        if not line.plain.startswith(LOG):
            line.truncate(canvas.width, overflow="ellipsis")
    return found


def _head(view: HostView, canvas: Canvas) -> Text:
    if canvas.final:
        return Text.assemble((view.host, "bold"), f"  {view.title}")
    progress = _progress(view, canvas)
    title = Text(view.title or "connecting")
    room = canvas.width - cell_len(view.host) - 2 - progress.cell_len
    title.truncate(max(NARROWEST_TITLE, room), overflow="ellipsis")
    return Text.assemble((view.host, "bold"), "  ", title, progress)


def _progress(view: HostView, canvas: Canvas) -> Text:
    """How far it is and for how long, or how it ended."""
    if view.ended is not None:
        return Text(f"  {view.ended.outcome}", "bold" if view.ended.outcome in GOOD else "bold red")
    steps = f"  {min(_ended_steps(view) + 1, view.planned)} of {view.planned}"
    told = steps if view.planned and not view.recovering else ""
    return Text(f"{told}  {units.duration(canvas.now - view.since)}", "dim")


def _ended_steps(view: HostView) -> int:
    return sum(isinstance(line, StepLine) and line.state != "running" for line in view.lines)


def _body(view: HostView, canvas: Canvas) -> list[Text]:
    stage_width, title_width = _widths(view, canvas)
    found: list[Text] = []
    stage = ""
    for line in view.lines:
        if isinstance(line, Remark):
            found += _remark(line, canvas, stage_width)
            continue
        shown = line.stage if line.stage != stage else ""
        stage = line.stage
        found.append(_step(line, canvas, Text(_padded(shown, stage_width)), title_width))
        found += _below(line, view.output, canvas, stage_width)
    return found


def _widths(view: HostView, canvas: Canvas) -> tuple[int, int]:
    steps = [line for line in view.lines if isinstance(line, StepLine)]
    stage = max((cell_len(step.stage) for step in steps), default=0)
    title = max((cell_len(step.title) for step in steps if step.state != "unchanged"), default=0)
    room = max(NARROWEST_TITLE, canvas.width - BESIDE_TITLE)
    return min(stage, 12), min(max(title, NARROWEST_TITLE), room)


def _step(step: StepLine, canvas: Canvas, stage: Text, title_width: int) -> Text:
    style = STYLES[step.state]
    if step.stage == "recovery":
        style = "magenta" if step.state in ("done", "running") else style
    stage.stylize("magenta" if step.stage == "recovery" else "dim")
    line = Text.assemble("  ", stage, "  ", (canvas.mark(step.state), style), " ")
    if step.state == "unchanged":  # not aligned, so that there is room for the reason
        return line.append(f"{step.title}  unchanged" + (f" ({step.reason})" if step.reason else ""), style)
    line.append(_padded(step.title, title_width), style if step.state != "done" else "")
    return line.append("  ").append(*_outcome(step, canvas))


def _outcome(step: StepLine, canvas: Canvas) -> tuple[str, str]:
    if step.state == "running":
        return ("no word of its end", "yellow") if canvas.final else (_time(canvas.now - step.since), "cyan")
    if step.state == "done":
        return _time(step.seconds), "dim"
    return f"{_time(step.seconds)}  {step.state.replace('-', ' ')}", STYLES[step.state]


def _below(step: StepLine, output: str, canvas: Canvas, stage_width: int) -> list[Text]:
    indent = " " * (stage_width + 6)
    if step.state == "running":
        return [Text(indent + output, "dim")] if output and not canvas.final else []
    well = step.state in ("done", "unchanged")
    reason = [] if well else worded(step.reason, canvas.width - len(indent))
    found = [Text(indent + part, STYLES[step.state]) for part in reason]
    if canvas.final:
        found += _tail(step, canvas, "dim" if well else "red")
        found += [Text(LOG + step.log)] if step.log and not well else []
    return found


def _tail(step: StepLine, canvas: Canvas, style: str) -> list[Text]:
    """The end of what the step printed: verbatim, so broken anywhere."""
    edge = Text("    | " if canvas.ascii else "    │ ", style)
    width = canvas.width - cell_len(edge.plain)
    return [edge + Text(part) for text in step.tail[-TAIL:] for part in chop_cells(text, width)]


def worded(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` columns, broken between words where it can be."""
    width = max(20, width)
    found = textwrap.wrap(text, width, break_on_hyphens=False)
    return [part for line in found for part in chop_cells(line, width)]


def _remark(remark: Remark, canvas: Canvas, stage_width: int) -> list[Text]:
    style = STYLES[remark.kind]
    text = f"going back: {remark.text}" if remark.kind == "recovering" else remark.text
    indent = " " * (stage_width + 4)
    pieces = worded(text, canvas.width - len(indent) - 2) or [""]
    marks = [canvas.mark(remark.kind), *(" " for _ in pieces[1:])]
    return [Text(f"{indent}{mark} {piece}", style) for mark, piece in zip(marks, pieces, strict=True)]


def _time(seconds: float) -> str:
    return f"{units.duration(seconds):>8}"


def _padded(text: str, width: int) -> str:
    """Cropped or filled to a width in columns; a wide character takes two."""
    line = Text(text)
    line.truncate(width, overflow="ellipsis", pad=True)
    return line.plain
