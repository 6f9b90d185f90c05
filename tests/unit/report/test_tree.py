"""The tree, as text at a fixed width and moment."""

from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from windlass.events import Ended, Event, Live, Note, Output, PlanStarted, Recovering, StepEnded, StepStarted
from windlass.report.board import Board, advance
from windlass.report.tree import LOG, Canvas, draw

H = "deploy@203.0.113.5"
STEPS = (("prepare", "Fetch"), ("prepare", "Install"), ("prepare", "Build"), ("cutover", "Switch nginx"))
RUNNING: list[Event] = [
    PlanStarted(H, "Deploy abc1234", STEPS),
    StepStarted(H, 1, "prepare", "Fetch"),
    StepEnded(H, 1, "prepare", "Fetch", "done", 0.83),
    StepEnded(H, 2, "prepare", "Install", "unchanged", reason="same lock file"),
    StepStarted(H, 3, "prepare", "Build"),
    Output(H, "\x1b[36mcompiling\x1b[0m page 1 of 8"),
]
FAILED: list[Event] = [
    *RUNNING,
    StepEnded(
        H, 3, "prepare", "Build", "failed", 12.4, "exit 1", ("a", "b" * 90), "/srv/app/logs/" + "r" * 80
    ),
    Recovering(H, "the build failed"),
    StepStarted(H, 4, "recovery", "Remove the half release"),
    StepEnded(H, 4, "recovery", "Remove the half release", "done", 0.1),
    Note(H, "disk nearly full", "warning"),
    Ended(H, "failed", "0041-def5678", 20.0, "the build failed", "mend it"),
]


def drawn(
    events: list[Event], *, now: float = 5.0, final: bool = False, room: int | None = None
) -> list[str]:
    start: Board = {}
    board = reduce(lambda before, event: advance(before, event, 2.0), events, start)
    return [line.plain.rstrip() for line in draw(board[H], Canvas(80, now, final=final), room)]


def test_what_runs_shows_its_time_and_its_last_line() -> None:
    assert drawn(RUNNING) == [
        "deploy@203.0.113.5  Deploy abc1234  3 of 4  3.0 s",
        "  prepare  ✔ Fetch                0.8 s",
        "           · Install  unchanged (same lock file)",
        "           ⠋ Build                3.0 s",
        "             compiling page 1 of 8",
    ]


def test_the_final_tree_of_a_failure_shows_its_end_its_log_and_the_recovery() -> None:
    assert drawn(FAILED, final=True) == [
        "deploy@203.0.113.5  Deploy abc1234",
        "  prepare   ✔ Fetch                       0.8 s",
        "            · Install  unchanged (same lock file)",
        "            ✘ Build                      12.4 s  failed",
        "              exit 1",
        "    │ a",
        "    │ " + "b" * 74,
        "    │ " + "b" * 16,
        LOG + "/srv/app/logs/" + "r" * 80,
        "            ↺ going back: the build failed",
        "  recovery  ✔ Remove the half release     0.1 s",
        "            ! disk nearly full",
    ]


def test_what_a_step_shows_is_in_the_final_tree_though_it_went_well() -> None:
    shown = StepEnded(H, 4, "recovery", "Show the last lines", "done", 0.1, "", ("no tide table",), "/l")
    lines = drawn([*RUNNING, shown], final=True)
    assert lines[lines.index("    │ no tide table") - 1].endswith("✔ Show the last lines     0.1 s")
    assert not any(line.startswith(LOG) for line in lines)


def test_going_live_is_a_line_between_the_steps() -> None:
    events = [*RUNNING, StepEnded(H, 3, "prepare", "Build", "done", 9), Live(H, "0042-abc1234", "abc", 12.3)]
    assert drawn(events)[-1] == "           ★ live after 12.3 s: 0042-abc1234"


def test_a_step_without_an_end_is_not_drawn_as_done() -> None:
    assert drawn(RUNNING, final=True)[-1] == "           ? Build             no word of its end"


def test_a_low_terminal_keeps_what_runs_and_says_what_it_hides() -> None:
    assert drawn(RUNNING, room=4) == [
        "deploy@203.0.113.5  Deploy abc1234  3 of 4  3.0 s",
        "  … 2 lines above",
        "           ⠋ Build                3.0 s",
        "             compiling page 1 of 8",
    ]
    assert drawn(RUNNING, room=1) == ["deploy@203.0.113.5  Deploy abc1234  3 of 4  3.0 s  Build"]


def test_a_terminal_that_knows_only_ascii_gets_only_ascii_marks() -> None:
    start: Board = {}
    board = reduce(lambda before, event: advance(before, event, 2.0), FAILED, start)
    for final in (False, True):
        assert all(line.plain.isascii() for line in draw(board[H], Canvas(200, 3.0, ascii=True, final=final)))


@given(st.text(), st.text(), st.text(), st.booleans(), st.integers(40, 80))
def test_no_line_is_ever_wider_than_the_terminal(
    title: str, reason: str, output: str, final: bool, width: int
) -> None:
    events: list[Event] = [
        PlanStarted(H, title, ((title, title),)),
        StepEnded(H, 1, title, title, "unchanged", reason=reason),
        StepEnded(H, 2, "recovery", title, "failed", 1e7, reason, (output, output * 30)),
        Recovering(H, reason * 20),
        StepStarted(H, 3, title, title),
        Output(H, output * 20),
    ]
    start: Board = {}
    board = reduce(lambda before, event: advance(before, event, 0.0), events, start)
    for line in draw(board[H], Canvas(width, 1.0, final=final)):
        assert line.cell_len <= width
        assert line.plain.isprintable()
