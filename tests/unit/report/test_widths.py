"""A failing run on terminals of several widths, and of several kinds, as a process of its own draws it."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.support.terminal import Terminal

CHECKOUT = Path(__file__).parents[3]
HOST = "deploy@203.0.113.5"
LOG = "/srv/app/logs/20261121-234208-deploy-4711/02-" + "сборка-" * 12 + "b.log"
PLAN = "Deploy abc1234 to " + "長" * 60
TITLE = "собрать всё приложение целиком и проверить 構建應用程式並檢查結果"
REASON = "the page has no title, " * 5 + "実行に失敗しました" * 5
OUTPUT = "コンパイル中 " * 30
SCRIPT = f"""
import sys, time
from windlass.events import *
from windlass.report import make_report
host = {HOST!a}
with make_report() as report:
    report.emit(PlanStarted(host, {PLAN!a}, (("prepare", "fetch"), ("prepare", {TITLE!a}))))
    report.emit(StepEnded(host, 1, "prepare", "fetch", "unchanged", reason={REASON!a}))
    report.emit(StepStarted(host, 2, "prepare", {TITLE!a}))
    report.emit(Output(host, {OUTPUT!a}))
    if sys.stdout.isatty():
        sys.stdin.readline()  # until the test has seen it drawn
    report.emit(StepEnded(host, 2, "prepare", {TITLE!a}, "failed", 3.2, {REASON!a}, ({OUTPUT!a}, "end"), {LOG!a}))
    report.emit(Recovering(host, {REASON!a}))
    report.emit(Ended(host, "failed", "0041-def5678", 5.0, {REASON!a}, "full log on the server: " + {LOG!a}))
"""
UNBROKEN = ("  full log on the server: ", "  → full log on the server: ")
"""What is there to be copied is never broken."""


def draw(
    columns: int, *, term: str = "xterm-256color", drawn: str = "コンパイル中", **environment: str
) -> str:
    """All that was written to a terminal of so many columns; the step ends once `drawn` is there."""
    known = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), "LANG": "C.UTF-8", **environment}
    terminal = Terminal(
        [sys.executable, "-c", SCRIPT], env=known, cwd=CHECKOUT, columns=columns, rows=24, term=term
    )
    try:
        terminal.wait_for(drawn, 20)
        terminal.type("\r")
        return terminal.wait(20).check().stdout
    finally:
        terminal.close()


def lines(text: str) -> list[str]:
    """The lines as they were drawn, those that were drawn over too."""
    pieces = re.split(r"\x1b\[\d*A|\x1b\[2K|[\r\n]", text)
    return [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", piece) for piece in pieces]


@pytest.mark.parametrize("columns", [80, 200])
def test_no_line_is_wider_than_the_terminal_but_what_is_there_to_be_copied(columns: int) -> None:
    drawn = lines(draw(columns))
    assert [line for line in drawn if cell_len(line) > columns and not line.startswith(UNBROKEN)] == []
    assert [line for line in drawn if LOG in line] == [f"{start}{LOG}" for start in UNBROKEN]


def test_a_wide_terminal_is_used() -> None:
    widest = {columns: max(map(cell_len, lines(draw(columns)))) for columns in (80, 200)}
    assert widest[200] >= 190
    running = [line for line in lines(draw(200)) if "コンパイル中" in line and "│" not in line]
    assert cell_len(running[0]) >= 190  # the running step's last line


def test_the_running_step_shows_its_time_and_its_last_line() -> None:
    drawn = lines(draw(80))
    at = next(place for place, line in enumerate(drawn) if re.search(r"собрать.*\d\.\d s", line))
    assert next(line for line in drawn[at + 1 :] if line.strip()).strip().startswith("コンパイル中")


def test_a_long_title_is_whole_where_there_is_room_and_hides_no_time() -> None:
    wide = lines(draw(200))
    assert any(re.search(rf"⠋?{re.escape(TITLE)} +\d\.\d s$", line) for line in wide)
    narrow = lines(draw(80))
    assert any(re.search(r"長… +2 of 2  \d\.\d s$", line) for line in narrow)
    assert any(re.search(r"собрать.*… +\d\.\d s$", line) for line in narrow)


def test_there_are_no_colours_where_none_are_wanted() -> None:
    coloured, plain = draw(80), draw(80, NO_COLOR="1")
    colour = re.compile(r"\x1b\[[0-9;]*[349][0-7]m")
    assert colour.search(coloured)
    assert not colour.search(plain)
    assert "✘" in plain


def test_a_terminal_that_cannot_move_its_cursor_gets_plain_lines() -> None:
    text = draw(80, term="dumb", drawn="started")
    assert "\x1b" not in text
    assert f"{HOST}  {TITLE}  failed  3.2 s  {REASON}" in text
    assert f"{HOST}  | end" in text
    assert f"{HOST}  log  {LOG}" in text


def test_a_terminal_that_knows_only_ascii_loses_characters_not_the_run() -> None:
    text = draw(80, drawn=HOST, PYTHONIOENCODING="ascii")
    assert text.isascii()
    assert "failed; live: 0041-def5678" in text
    assert f"{'?' * len('собрать')} {'?' * len('всё')} " in text
