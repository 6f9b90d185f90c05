"""The live display on a real pseudo-terminal, read as the terminal gets it."""

import fcntl
import os
import pty
import re
import struct
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import pytest

from windlass.events import Ended, Note, Output, PlanStarted, StepEnded, StepStarted
from windlass.report import make_report
from windlass.report.terminal import PERIOD

H = "deploy@203.0.113.5"
OTHER = "deploy@203.0.113.6"
SHOWN, HIDDEN = "\x1b[?25h", "\x1b[?25l"


class Terminal:
    """A terminal of 24 lines of 80 columns; what was written to it is read once `read` has begun."""

    def __init__(self) -> None:
        self._controller, line = pty.openpty()
        fcntl.ioctl(line, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.stream: TextIO = os.fdopen(line, "w", encoding="utf-8")
        self._read = bytearray()
        self._reader = threading.Thread(target=self._follow, daemon=True)

    def read(self) -> None:
        self._reader.start()

    def text(self) -> str:
        """All that was written; the terminal is closed after it."""
        self.stream.close()
        self._reader.join(10)
        os.close(self._controller)
        return self._read.decode()

    def so_far(self) -> str:
        return self._read.decode(errors="replace")

    def _follow(self) -> None:
        while True:
            try:
                self._read += os.read(self._controller, 65536)
            except OSError:
                return


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("NO_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    return Terminal()


@contextmanager
def within(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def plain(text: str) -> list[str]:
    return [
        line.rstrip() for line in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "").split("\n")
    ]


def last_picture(text: str) -> list[str]:
    """What stays on the screen: the live display ends by showing the cursor, then the whole is printed."""
    return plain(text.rpartition(SHOWN)[2])


def poll(terminal: Terminal, wanted: str) -> None:
    deadline = time.monotonic() + 10
    while wanted not in terminal.so_far():
        assert time.monotonic() < deadline, f"{wanted!r} never came"
        time.sleep(0.01)


def test_two_hosts_end_with_their_whole_trees_and_the_bad_one_last(terminal: Terminal) -> None:
    terminal.read()
    with make_report(stream=terminal.stream, errors=terminal.stream) as report:

        def go(host: str, state: str) -> None:
            report.emit(PlanStarted(host, "Deploy abc1234", (("prepare", "Build"),)))
            report.emit(StepStarted(host, 1, "prepare", "Build"))
            poll(terminal, "Build")
            if state == "done":
                report.emit(StepEnded(host, 1, "prepare", "Build", "done", 1.5))
                report.emit(Ended(host, "done", "0042-abc1234", 2.0, was="0041-def5678"))
            else:
                report.emit(StepEnded(host, 1, "prepare", "Build", "failed", 1.5, "exit 1", ("no module",)))
                report.emit(Ended(host, "failed", "0041-def5678", 2.0, "the build failed", "mend it"))

        hosts = [threading.Thread(target=go, args=pair) for pair in ((H, "failed"), (OTHER, "done"))]
        for host in hosts:
            host.start()
        for host in hosts:
            host.join()
    picture = last_picture(terminal.text())
    assert sorted(line for line in picture if "✔" in line or "✘" in line) == [
        "  prepare  ✔ Build                1.5 s",
        "  prepare  ✘ Build                1.5 s  failed",
    ]
    assert "    │ no module" in picture
    assert picture[-5:] == [
        f"{OTHER}  live: 0042-abc1234 (was 0041-def5678)  in 2.0 s",
        f"{H}  failed; live: 0041-def5678  in 2.0 s",
        "  the build failed",
        "  → mend it",
        "",
    ]


def test_ctrl_c_gives_the_cursor_back_and_keeps_what_was_drawn(terminal: Terminal) -> None:
    terminal.read()

    def interrupted() -> None:
        with make_report(stream=terminal.stream, errors=terminal.stream) as report:
            report.emit(StepEnded(H, 1, "prepare", "Fetch", "done", 0.5))
            report.emit(StepStarted(H, 2, "prepare", "Build"))
            poll(terminal, HIDDEN)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    text = terminal.text()
    assert text.rfind(SHOWN) > text.rfind(HIDDEN)
    assert last_picture(text)[1:] == [
        "  prepare  ✔ Fetch                0.5 s",
        "           ? Build             no word of its end",
        "",
    ]


def test_a_question_stands_below_what_was_told_and_nothing_is_drawn_over_it(terminal: Terminal) -> None:
    terminal.read()
    with make_report(stream=terminal.stream, errors=terminal.stream) as report:
        report.emit(Note(H, "this drops a column", "warning"))
        poll(terminal, "this drops a column")
        with report.paused():
            poll(terminal, SHOWN)
            terminal.stream.write("sure? [y/N] yes\n")
            terminal.stream.flush()
            report.emit(Note(H, "said meanwhile"))
            poll(terminal, "yes")
            time.sleep(3 * PERIOD)  # as long as three drawings would take
            assert terminal.so_far().endswith("sure? [y/N] yes\r\n")
        poll(terminal, "said meanwhile")
    after = terminal.text().split("sure? [y/N] yes")[1]
    assert "this drops a column" not in after
    assert "\x1b[1A" not in after.split("said meanwhile")[0], "the cursor never goes up to the question"


def test_a_servers_output_cannot_drive_the_terminal(terminal: Terminal) -> None:
    terminal.read()
    with make_report(verbose=True, stream=terminal.stream, errors=terminal.stream) as report:
        report.emit(StepStarted(H, 1, "prepare", "Build"))
        report.emit(Output(H, "\x1b]0;owned\x07\x1b[2J\x1b[31m[bold]plain\x9b5n"))
        poll(terminal, "[bold]plain")
    text = terminal.text()
    assert "owned" not in text
    assert "\x07" not in text
    assert "\x1b[2J" not in text
    assert "\x1b[31m" not in text


def test_a_flood_of_output_is_drawn_at_most_ten_times_a_second(terminal: Terminal) -> None:
    terminal.read()
    began = time.monotonic()
    with make_report(stream=terminal.stream, errors=terminal.stream) as report:
        report.emit(PlanStarted(H, "Deploy abc1234", (("prepare", "Build"),)))
        report.emit(StepStarted(H, 1, "prepare", "Build"))
        for number in range(20_000):
            report.emit(Output(H, f"line {number}"))
        poll(terminal, "line 19999")
    drawings = terminal.text().count("Deploy abc1234")
    assert 1 <= drawings <= 10 * (time.monotonic() - began) + 3


def test_a_paused_terminal_holds_nobody_up(terminal: Terminal) -> None:
    with make_report(verbose=True, stream=terminal.stream, errors=terminal.stream) as report:
        report.emit(StepStarted(H, 1, "prepare", "Build"))
        with within(8):
            for number in range(5_000):
                report.emit(Output(H, f"line {number} " + "x" * 60))
        terminal.read()
    assert "line 4999 " in terminal.text()


def test_verbose_output_is_cut_nowhere_and_lost_nowhere(terminal: Terminal) -> None:
    terminal.read()
    with make_report(verbose=True, stream=terminal.stream, errors=terminal.stream) as report:
        report.emit(StepStarted(H, 1, "prepare", "Build"))
        for number in range(500):
            report.emit(Output(H, f"line {number} {'x' * 100} end"))
    told = [line for line in plain(terminal.text()) if line.startswith("line ") and line.endswith(" end")]
    assert [int(line.split()[1]) for line in told] == list(range(500))


def test_no_color_is_honoured(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal.read()
    with make_report(stream=terminal.stream, errors=terminal.stream) as report:
        report.emit(StepEnded(H, 1, "prepare", "Build", "failed", 1.0, "exit 1"))
    assert not re.search(r"\x1b\[[0-9;]*[349][0-7]", terminal.text())


def test_a_dumb_terminal_gets_plain_lines(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    terminal.read()
    with make_report(stream=terminal.stream, errors=terminal.stream) as report:
        report.emit(StepStarted(H, 1, "prepare", "Build"))
    assert terminal.text().splitlines() == [f"{H}  Build  started"]


def test_a_terminal_that_hangs_up_does_not_end_the_run(terminal: Terminal) -> None:
    controller = terminal._controller
    with make_report(stream=terminal.stream, errors=terminal.stream) as report:
        report.emit(StepStarted(H, 1, "prepare", "Build"))
        os.close(controller)
        report.emit(Ended(H, "failed", "", 1.0, "message", "hint"))
