"""Commands as text, and what a real bash makes of that text."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.bash import bash
from windlass.shell import (
    NOTHING,
    Command,
    all_of,
    both,
    cmd,
    either,
    quote,
    when,
    write_file,
)

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
MEANT_FOR_A_SHELL = st.text("'\"$`\\!*?[]{}()<>|&;#~ \t\n\r\f\x1b\u2028-éA")
AWKWARD = [
    "",
    "it's",
    '"',
    "$(id)",
    "`id`",
    "a\nb",
    "\n",
    "-n",
    "--",
    "!!",
    "\\",
    "ä\u2028b",
    "\r",
    "$'x'",
    "*",
]

TRUE, FALSE = cmd("true"), cmd("false")


def said(text: str) -> Command:
    return cmd("echo", text)


@settings(max_examples=60)
@given(st.lists(TEXT | MEANT_FOR_A_SHELL, min_size=1))
def test_any_words_reach_a_program_as_they_are(words: list[str]) -> None:
    assert bash(cmd("printf", "%s\\0", *words)).check().stdout.split("\0")[:-1] == words


@settings(max_examples=60)
@given(st.lists(TEXT | MEANT_FOR_A_SHELL, min_size=1))
def test_words_stay_as_they_are_in_a_body_that_is_indented(words: list[str]) -> None:
    print_them = cmd("printf", "%s\\0", *words)
    wrapped = when(TRUE, when(FALSE, TRUE, all_of(TRUE, print_them)))
    assert bash(wrapped).check().stdout.split("\0")[:-1] == words


@pytest.mark.parametrize("word", AWKWARD)
def test_a_word_is_one_line_whatever_it_holds(word: str) -> None:
    assert len(quote(word).splitlines()) == 1


def test_plain_words_are_not_dressed_up() -> None:
    assert cmd("ln", "-sfn", PurePosixPath("/srv/shop"), 3).text == "ln -sfn /srv/shop 3"


def test_a_nul_is_refused_since_no_argument_can_hold_it() -> None:
    with pytest.raises(ValueError, match="NUL"):
        quote("a\0b")
    with pytest.raises(ValueError, match="NUL"):
        write_file(PurePosixPath("/tmp/x"), "a\0b")


def test_commands_run_in_order_and_end_at_the_first_that_fails() -> None:
    done = bash(all_of(said("one"), NOTHING, FALSE, said("two")))
    assert (done.stdout, done.exit_code) == ("one\n", 1)


def test_nothing_joined_with_nothing_is_nothing() -> None:
    assert all_of(NOTHING, NOTHING) == NOTHING


def test_both_runs_the_second_where_the_first_succeeded() -> None:
    assert bash(both(TRUE, said("second"))).check().stdout == "second\n"
    done = bash(both(FALSE, said("second")))
    assert (done.stdout, done.exit_code) == ("", 1)


def test_either_runs_the_second_where_the_first_failed() -> None:
    assert bash(either(said("first"), said("second"))).check().stdout == "first\n"
    assert bash(either(FALSE, said("second"))).check().stdout == "second\n"


def test_joined_commands_keep_together_when_they_are_joined_again() -> None:
    neither = both(either(TRUE, said("no")), FALSE)
    assert bash(either(neither, said("yes"))).check().stdout == "yes\n"
    several = Command("false; true")
    assert bash(both(several.tolerated(), said("on"))).check().stdout == "on\n"
    assert bash(either(Command("true; false"), said("yes"))).check().stdout == "yes\n"


@pytest.mark.parametrize(("condition", "chosen"), [(TRUE, "then\n"), (FALSE, "otherwise\n")])
def test_when_runs_one_of_its_bodies(condition: Command, chosen: str) -> None:
    assert bash(when(condition, said("then"), said("otherwise"))).check().stdout == chosen


def test_a_body_that_fails_fails_where_it_stands() -> None:
    done = bash(all_of(when(TRUE, all_of(said("in"), FALSE, said("still in"))), said("after")))
    assert (done.stdout, done.exit_code) == ("in\n", 1)


def test_a_condition_that_does_not_hold_is_no_failure() -> None:
    assert bash(all_of(when(FALSE, said("in")), said("after"))).check().stdout == "after\n"


def test_a_tolerated_failure_ends_nothing() -> None:
    assert bash(all_of(FALSE.tolerated(), said("on"))).check().stdout == "on\n"
    assert bash(all_of(all_of(TRUE, FALSE).tolerated(), said("on"))).check().stdout == "on\n"


def test_quietly_hides_output_and_errors_and_keeps_the_exit_code() -> None:
    done = bash(all_of(said("out"), Command("echo err >&2"), Command("exit 3")).quietly())
    assert (done.output, done.exit_code) == ("", 3)


def test_a_comment_is_for_the_reader_and_not_for_bash() -> None:
    commented = said("done").commented("why this\nis done; rm -rf it's")
    assert commented.text == "# why this\n# is done; rm -rf it's\necho done"
    assert bash(when(TRUE, commented)).check().stdout == "done\n"


@settings(max_examples=60)
@given(content=TEXT | MEANT_FOR_A_SHELL)
def test_any_content_is_written_as_it_is(tmp_path_factory: pytest.TempPathFactory, content: str) -> None:
    file = tmp_path_factory.mktemp("content") / "it's a file"
    bash(when(TRUE, write_file(file, content))).check()
    assert file.read_bytes().decode() == (content if content.endswith("\n") else content + "\n")
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize(
    "content", ["END", "END\nEND_\n  END\n", "<<'END'\nrm -rf x\nEND\n", "$(id) `id` \\ $HOME\n", ""]
)
def test_a_content_that_looks_like_the_end_of_a_here_document_is_written_whole(
    tmp_path: Path, content: str
) -> None:
    file = tmp_path / "file"
    done = bash(when(TRUE, all_of(write_file(file, content), said("after")), said("otherwise"))).check()
    assert file.read_text() == (content if content.endswith("\n") else content + "\n")
    assert done.stdout == "after\n"


def test_a_write_that_fails_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old\n")
    (tmp_path / "file.next").mkdir()
    done = bash(all_of(write_file(file, "new\n"), said("after")))
    assert done.exit_code != 0
    assert "after" not in done.stdout
    assert file.read_text() == "old\n"
