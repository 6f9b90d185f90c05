"""A live tree on a terminal."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import TracebackType
from typing import NoReturn, Self

from rich.console import Console, Group
from rich.live import Live as LiveDisplay
from rich.text import Text

from windlass.clean import last_state, one_line
from windlass.events import Ended, Event, Output
from windlass.report.board import Board, HostView, advance
from windlass.report.sink import Sink
from windlass.report.summary import GOOD, complaint, summary
from windlass.report.tree import Canvas, draw, worded

PERIOD = 0.125
"""Seconds between two drawings."""

OUTCOMES = {
    "done": "bold green",
    "nothing-to-do": "bold green",
    "failed": "bold red",
    "needs-person": "bold red",
    "went-back": "bold yellow",
    "cancelled": "bold yellow",
}


class TerminalReport:
    """Draws what is known a few times a second from a thread of its own.

    So `emit` never waits for the terminal: one that is paused (Ctrl-S) or gone does not hold a deploy up.
    """

    def __init__(
        self,
        sink: Sink,
        errors: Sink,
        *,
        width: int | None = None,
        verbose: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sink, self._errors = sink, errors
        self._console = _console(sink, width)
        self._width = width
        self._verbose = verbose
        self._clock = clock
        self._board: Board = {}
        self._began = clock()
        self._printed: list[Text] = []
        self._lock = threading.Lock()
        self._drawing = threading.Lock()
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="report", daemon=True)
        self._display = self._new_display()

    def emit(self, event: Event) -> None:
        """Take the event in; it is drawn within an eighth of a second."""
        with self._lock:
            self._board = advance(self._board, event, self._clock())
            if self._verbose and isinstance(event, Output):
                self._printed.append(self._verbatim(event))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave what was told so far on the terminal, and draw only what comes after."""
        with self._drawing:
            self._stop()
            self._sink.write(self._rendered(self._sink, self._whole()))
            with self._lock:
                self._board = {host: replace(view, lines=()) for host, view in self._board.items()}
            try:
                yield
            finally:  # another display: this one would draw over what stands above
                self._display = self._new_display()
                self._display.start()

    def __enter__(self) -> Self:
        self._began = self._clock()
        self._display.start()
        self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._over.is_set():
            return
        self._over.set()
        try:
            self._ticker.join()
        finally:  # a second Ctrl-C must not leave the cursor hidden
            self._stop()
        self._sink.write(self._rendered(self._sink, self._whole()))
        self._end()

    def _new_display(self) -> LiveDisplay:
        return LiveDisplay(
            console=self._console,
            get_renderable=self._picture,
            auto_refresh=False,
            transient=True,
            redirect_stdout=self._sink.stream is sys.stdout,
            redirect_stderr=self._errors.stream is sys.stderr and self._errors.terminal,
        )

    def _stop(self) -> None:
        try:
            self._print_output()
            self._display.stop()
        except OSError:
            self._sink.give_up()

    def _tick(self) -> None:
        while not self._over.wait(PERIOD):
            try:
                with self._drawing:
                    self._print_output()
                    self._display.refresh()
            except OSError:
                self._sink.give_up()
                return

    def _print_output(self) -> None:
        with self._lock:
            waiting, self._printed = self._printed, []
        if waiting:
            self._console.print(*waiting, sep="\n", soft_wrap=True)

    def _verbatim(self, event: Output) -> Text:
        host = f"{one_line(event.host)}  " if len(self._board) > 1 else ""
        return Text(f"{host}{last_state(event.text)}", "dim")

    def _picture(self) -> Group:
        """Drawn under rich's lock, so it takes none of ours: a board is replaced, never changed."""
        board, canvas = self._board, self._canvas()
        if not board:
            return Group(*draw(HostView("", self._began), canvas))
        room = max(1, (self._console.height - 1) // len(board))
        return Group(*(line for view in board.values() for line in draw(view, canvas, room)))

    def _canvas(self, *, final: bool = False) -> Canvas:
        ascii_only = self._console.options.ascii_only
        return Canvas(self._console.width, self._clock(), ascii_only, final)

    def _whole(self) -> list[Text]:
        canvas = self._canvas(final=True)
        planned = [view for view in self._bad_last() if view.title or view.lines]
        return [line for view in planned for line in draw(view, canvas)]

    def _bad_last(self) -> list[HostView]:
        """The hosts that ended well, then the others: that is where the eye is."""
        return sorted(
            self._board.values(), key=lambda view: view.ended is None or view.ended.outcome not in GOOD
        )

    def _end(self) -> None:
        for one in [view.ended for view in self._bad_last() if view.ended is not None]:
            line = Text(summary(one), OUTCOMES[one.outcome])
            self._sink.write(self._rendered(self._sink, [line]))
            told = self._sink if one.outcome in GOOD else self._errors
            told.write(self._rendered(told, self._advice(one)))

    def _advice(self, ended: Ended) -> list[Text]:
        """The message in whole words; the hint is not broken, since it is there to be copied."""
        message, hint = complaint(ended.message, ""), complaint("", ended.hint)
        parts = [part for line in message for part in worded(line, self._console.width - 2)]
        return [Text(f"  {part}") for part in [*parts, *hint]]

    def _rendered(self, sink: Sink, found: list[Text]) -> str:
        console = self._console if sink is self._sink else _console(sink, self._width)
        with console.capture() as captured:
            for line in found:
                console.print(line, soft_wrap=True)
        return captured.get()


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError  # rich would end the program, and with it the deploy


def _console(sink: Sink, width: int | None) -> Console:
    return _Console(
        file=sink.stream, width=width, force_terminal=sink.terminal, highlight=False, markup=False
    )
