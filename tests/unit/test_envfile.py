"""A local env file: what is refused before anything is touched, what is only warned of, and no value told."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.processes import run
from windlass import envfile
from windlass.agent.env import parse
from windlass.envfile import LARGEST, EnvFile, read
from windlass.errors import ConfigError, ExitCode, UsageError

SECRET = "hunter2-the-value"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "app.env"


def refused(file: Path, text: str, *required: str) -> tuple[str, ...]:
    file.write_text(text)
    with pytest.raises(ConfigError) as error:
        read(str(file), required)
    assert error.value.exit_code == ExitCode.USAGE
    assert SECRET not in str(error.value) + error.value.hint
    return error.value.problems


def warned(file: Path, text: str) -> tuple[str, ...]:
    file.write_text(text)
    found = read(str(file))
    assert not any(SECRET in warning for warning in found.warnings)
    return found.warnings


def test_a_file_is_taken_byte_for_byte(file: Path) -> None:
    text = "# a comment\r\n\nexport A=1\nB: 'x # y'\nKEY=\"-----BEGIN\nline\n-----END\"  # multi\nC=\nLAST=`it's`"
    file.write_bytes(text.encode())
    assert read(str(file), ["A", "KEY"]) == EnvFile(
        str(file), text.encode(), frozenset({"A", "B", "C", "KEY", "LAST"})
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"A=1\n{SECRET}\n", "line 2: is not NAME=value"),
        (f"A=1\n\n=  {SECRET}\n", "line 3: is not NAME=value"),
        (f"A=1\n# {SECRET}\nTWO WORDS={SECRET}\n", "line 3: is not NAME=value"),
        (f'\nA="{SECRET}\nB=2\n', "line 2: the quote that A begins with is not closed, or not at its end"),
        (f'A="{SECRET}"x\n', "line 1: the quote that A begins with is not closed, or not at its end"),
        ("A='\n", "line 1: the quote that A begins with is not closed, or not at its end"),
        ("A=1\nB=a\0b\n", "line 2: holds a NUL character"),
        ("\ufeffA=1\nB=2\n", "line 1: starts with a byte order mark"),
        ("", "it holds no variable"),
        ("# nothing\n\n", "it holds no variable"),
        ("A=" + "x" * LARGEST, "it is larger than 256 KiB"),
    ],
)
def test_what_the_app_would_misread_is_refused_by_its_line(file: Path, text: str, problem: str) -> None:
    assert refused(file, text) == (problem,)


def test_what_is_no_text_is_refused(file: Path) -> None:
    file.write_bytes(b"A=1\nB=\xff\xfe\n")
    with pytest.raises(ConfigError, match="line 2: is not UTF-8 text"):
        read(str(file))


def test_required_variables_must_be_there_and_have_a_value(file: Path) -> None:
    told = refused(file, f"A={SECRET}\nEMPTY=\n", "A", "EMPTY", "ABSENT")
    assert told == (
        "EMPTY is missing, which [shared] required names",
        "ABSENT is missing, which [shared] required names",
    )


def test_everything_that_is_wrong_is_told_at_once(file: Path) -> None:
    assert len(refused(file, "wrong\nA='x\nB=1\nwrong too\n", "C")) == 4


@pytest.mark.parametrize("name", ["nowhere.env", "."])
def test_a_file_that_cannot_be_read_is_a_wrong_use(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="nothing was touched"):
        read(str(tmp_path / name))


@pytest.mark.parametrize(
    "text", [f"A={SECRET}#more\n", f"A={SECRET}  x#more\n", f"A=#{SECRET}\n", f"A: a{SECRET}#\n"]
)
def test_a_value_that_a_hash_cuts_off_is_warned_of(file: Path, text: str) -> None:
    [warning] = warned(file, text)
    assert warning.startswith("line 1: A ends before the #")


def test_a_comment_is_no_cut_off_value(file: Path) -> None:
    assert warned(file, "A=1 # one\nB='x#y'\nC= # none\nD=\"a#b\"#c\n") == ()


def test_a_variable_that_is_there_twice_is_warned_of(file: Path) -> None:
    assert warned(file, "A=1\nB=2\nA=3\n") == (
        "line 3: A is there a second time (line 1); the last one counts",
    )


def test_a_file_that_git_has_is_warned_of(file: Path) -> None:
    assert warned(file, "A=1\n") == ()
    run(["git", "init", "--quiet", file.parent]).check()
    assert warned(file, "A=1\n") == ()
    run(["git", "-C", file.parent, "add", file.name]).check()
    [warning] = warned(file, "A=1\n")
    assert warning.startswith(f"git has {file}")


NAMES = st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True)
# dotenv takes a backslash before the closing quote for one that keeps it open.
VALUES = st.text(st.characters(exclude_characters="'\0\r", codec="utf-8")).filter(
    lambda value: value[-1:] != "\\"
)


@given(st.dictionaries(NAMES, VALUES, min_size=1))
def test_whatever_is_in_single_quotes_is_taken_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, known: dict[str, str]
) -> None:
    file = tmp_path_factory.mktemp("env") / ".env"
    file.write_bytes("".join(f"{name}='{value}'\n" for name, value in known.items()).encode())
    found = read(str(file), list(filter(known.get, known)))
    assert found.variables == frozenset(known)
    assert parse(found.content.decode()) == known


@given(st.text())
def test_any_file_is_taken_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.mktemp("env") / ".env"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with suppress(ConfigError):
        assert envfile.read(str(file)).variables
