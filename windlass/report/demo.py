"""What the demo says between the commands that it runs, and the table in the end."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

from rich import box
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from windlass.report.sink import Sink
from windlass.report.tables import PIPE_WIDTH
from windlass.report.tree import worded

PROSE_WIDTH = 96


@dataclass(frozen=True)
class Counted:
    """One act: its command's seconds, and what visitors asked for from its beginning until the next act's.

    `after`: seconds from the command until the first visitor saw what it brought, None where that is nothing
    new. `page` requests were answered by the maintenance page where it was to be; `failed` are all others that a
    visitor would have noticed. `seen` is what answered visitors, in order.
    """

    what: str
    seconds: float
    after: float | None
    requests: int
    page: int
    failed: int
    seen: tuple[str, ...]


class DemoReport:
    """Writes at once, so that what a command prints comes in between."""

    def __init__(self, stream: TextIO | None = None, width: int | None = None) -> None:
        self._sink = Sink(stream or sys.stdout)
        wide = width or (None if self._sink.terminal else PIPE_WIDTH)
        self._console = Console(
            file=self._sink.stream,
            width=wide,
            force_terminal=self._sink.terminal,
            highlight=False,
            markup=False,
        )

    @property
    def watched(self) -> bool:
        """Whether a person is there to read."""
        return self._sink.terminal

    @property
    def _width(self) -> int:
        return min(PROSE_WIDTH, self._console.width)

    def title(self, text: str) -> None:
        self._show(Text(), Text(text, "bold"))

    def say(self, text: str, style: str = "") -> None:
        """A paragraph, in lines of whole words."""
        self._show(*(Text(line, style) for line in worded(text, self._width)))

    def show(self, lines: Sequence[str]) -> None:
        """Lines to be copied, as they are."""
        self._show(*(Text(f"  {line}", "cyan") for line in lines))

    def act(self, number: int, count: int, title: str, watch: str, typed: str) -> None:
        """The head of an act, and the command as it would be typed."""
        head = Text.assemble((f"{number} of {count}", "dim"), "  ", (title, "bold"))
        self._show(Text())
        with self._console.capture() as captured:
            rule = Rule(head, align="left", style="dim")
            self._console.print(rule if self.watched else head, width=self._width, overflow="fold")
        self._sink.write(captured.get())
        self.say(watch)
        self._show(Text(), Text.assemble(("$ ", "dim"), (typed, "bold cyan")))

    def verdict(self, text: str) -> None:
        """The last word, where all went well."""
        self._show(Text())
        self.say(text, "bold green")

    def counted(self, one: Counted) -> None:
        """What visitors noticed of an act, in a line."""
        failed = (f"{one.failed} failed", "bold red") if one.failed else ("none failed", "bold green")
        page = f", {one.page} answered by the maintenance page" if one.page else ""
        seen = f"; visitors saw {_seen(one)}" if one.seen else ""
        self._show(Text.assemble(f"visitors: {one.requests} requests, ", failed, f"{page}{seen}"))

    def table(self, acts: Sequence[Counted]) -> None:
        """All acts, and their sum."""
        table = Table(
            box=box.SIMPLE_HEAD if self.watched else None,
            show_edge=False,
            show_footer=True,
            pad_edge=False,
            padding=(0, 1, 0, 0) if self.watched else (0, 1),
        )
        table.add_column("what", "in all", footer_style="bold")
        for name, total in (
            ("live in", ""),
            ("seconds", f"{sum(one.seconds for one in acts):.1f}"),
            ("requests", str(sum(one.requests for one in acts))),
            ("by page", str(sum(one.page for one in acts))),
            ("failed", str(sum(one.failed for one in acts))),
        ):
            table.add_column(name, total, justify="right", footer_style="bold", no_wrap=True)
        table.add_column("visitors saw")
        for one in acts:
            failed = Text(str(one.failed), "bold red" if one.failed else "green")
            after = "–" if one.after is None else f"{one.after:.1f}"
            numbers = after, f"{one.seconds:.1f}", str(one.requests), str(one.page)
            table.add_row(one.what, *numbers, failed, _seen(one))
        self._show(Text())
        with self._console.capture() as captured:
            self._console.print(table)
        self._sink.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))

    def break_off(self) -> None:
        """Have the cursor back, and a line of one's own, after a command that was ended while it drew."""
        if self.watched:
            self._console.show_cursor()
            self._show(Text())

    def _show(self, *lines: Text) -> None:
        with self._console.capture() as captured:
            for line in lines:
                self._console.print(line, soft_wrap=True)
        self._sink.write(captured.get())


def _seen(one: Counted) -> str:
    return " → ".join(one.seen)
