"""What a server prints reaches the operator as text, never as commands to the terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windlass.clean import cleaned, last_state, lines, one_line
from windlass.events import Ended
from windlass.report import units


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[2J\x1b[Hgone", "gone"),
        ("\x1b]0;owned\x07title", "title"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP+q544e\x1b\\query", "query"),
        ("\x9b31mC1", "C1"),
        ("\x1b]52;c;cm0gLXJm", "52;c;cm0gLXJm"),
        ("a\x08b\x00c\x7f", "abc"),
        ("abc\u202efed", "abcfed"),
        ("half \udcff byte", "half \N{REPLACEMENT CHARACTER} byte"),
        ("no\u00a0break", "no break"),
        ("Привет, 世界", "Привет, 世界"),
    ],
)
def test_escapes_and_controls_are_taken_out(hostile: str, shown: str) -> None:
    assert one_line(hostile) == shown


@given(st.text(alphabet=st.one_of(st.sampled_from("\x1b[]0;m\x07\\\x9b\r\n"), st.characters())))
def test_one_line_is_always_one_printable_line(text: str) -> None:
    assert one_line(text).isprintable()
    assert all(line.isprintable() for line in lines(text).split("\n"))


def test_a_progress_bar_is_shown_at_its_last_state() -> None:
    assert last_state("10 %\r50 %\r100 %\r\n") == "100 %"


def test_a_message_keeps_its_lines_and_loses_its_escapes() -> None:
    ended = Ended("h", "failed", "", 1.0, "first\n  \x1b[1msecond", "do\x07 this")
    assert cleaned(ended) == Ended("h", "failed", "", 1.0, "first\n  second", "do this")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "0.0 s"),
        (12.34, "12.3 s"),
        (59.97, "1 min"),
        (125, "2 min 5 s"),
        (7205, "2 h"),
        (3 * 86400 + 4 * 3600 + 59, "3 d 4 h"),
    ],
)
def test_durations_read_as_people_say_them(seconds: float, shown: str) -> None:
    assert units.duration(seconds) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [(512, "512 B"), (150_000_000, "143 MiB"), (1_288_490_189, "1.2 GiB"), (2**41, "2.0 TiB")],
)
def test_sizes_are_in_binary_units(count: int, shown: str) -> None:
    assert units.size(count) == shown
