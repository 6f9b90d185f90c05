"""A local env file, read by the parser that reads it on the server; what that would misread is told first."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from windlass.agent.env import LINE, parse
from windlass.errors import ConfigError, UsageError

LARGEST = 256 * 1024
"""Bytes that an env file may hold."""

STDIN = "-"
"""In place of a file's name: what another program prints, such as one that decrypts."""


@dataclass(frozen=True)
class EnvFile:
    """`content` is what is pushed, byte for byte; `variables` are the names in it. No text holds a value."""

    name: str
    content: bytes
    variables: frozenset[str]
    warnings: tuple[str, ...] = ()


def read(name: str, required: Sequence[str] = ()) -> EnvFile:
    """The file, if every line of it will be understood and every required variable is in it.

    Raises UsageError where it cannot be read, ConfigError with each line that is wrong, by its number.
    """
    content = _content(name)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refused(name, [f"line {line}: is not UTF-8 text"]) from None
    variables = parse(text)
    problems = [*_unread(text), *_unclosed(text)]
    if not variables and not problems:
        problems = ["it holds no variable"]
    absent = [wanted for wanted in required if not variables.get(wanted)]
    problems += [f"{wanted} is missing, which [shared] required names" for wanted in absent]
    if problems:
        raise _refused(name, problems)
    warnings = [*_cut_off(text), *_twice(text), *_tracked(name)]
    return EnvFile(name, content, frozenset(variables), tuple(warnings))


def _content(name: str) -> bytes:
    try:
        content = sys.stdin.buffer.read(LARGEST + 1) if name == STDIN else _beginning(Path(name))
    except OSError as error:
        raise UsageError(
            f"{name}: {(error.strerror or str(error)).lower()}; nothing was touched",
            hint="fab env.push FILE, a file of NAME=value lines",
        ) from None
    if len(content) > LARGEST:
        raise _refused(name, [f"it is larger than {LARGEST // 1024} KiB"])
    return content


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def _refused(name: str, problems: Iterable[str]) -> ConfigError:
    return ConfigError(
        f"{name} cannot be pushed; nothing was touched:",
        problems=tuple(problems),
        hint="a line is NAME=value; a value with spaces, # or line breaks goes in quotes",
    )


def _found(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    """Each variable with the number of its line."""
    for match in LINE.finditer(text):
        yield text.count("\n", 0, match.start(1)) + 1, match


def _unread(text: str) -> Iterator[str]:
    """The lines that the app would not see: no variable, no comment, not blank."""
    text = _lines(text)
    if "\0" in text:
        yield f"line {text.count(chr(10), 0, text.index(chr(0))) + 1}: holds a NUL character"
    read = {
        line
        for first, match in _found(text)
        for line in range(first, first + text.count("\n", match.start(1), match.end()) + 1)
    }
    for number, line in enumerate(text.split("\n"), 1):
        if number not in read and line.strip() and not line.lstrip().startswith("#"):
            marked = line.startswith("\ufeff")
            yield f"line {number}: " + ("starts with a byte order mark" if marked else "is not NAME=value")


def _unclosed(text: str) -> Iterator[str]:
    """The values that begin with a quote and do not end with it: the quote would be part of the value."""
    for line, match in _found(_lines(text)):
        value = (match[2] or "").strip()
        if value[:1] in ("'", '"', "`") and (len(value) == 1 or value[-1] != value[0]):
            yield f"line {line}: the quote that {match[1]} begins with is not closed, or not at its end"


def _cut_off(text: str) -> Iterator[str]:
    """Values without quotes that a # ends where the writer may have meant it as part of the value."""
    for line, match in _found(_lines(text)):
        value = (match[2] or "").strip()
        rest = match.string[match.end(1) : match.end()]
        if value[:1] not in ("'", '"', "`") and re.search(r"\S#", rest.split("\n")[0]):
            yield f"line {line}: {match[1]} ends before the #; put the value in quotes if that belongs to it"


def _twice(text: str) -> Iterator[str]:
    lines: dict[str, int] = {}
    for line, match in _found(_lines(text)):
        if match[1] in lines:
            yield f"line {line}: {match[1]} is there a second time (line {lines[match[1]]}); the last one counts"
        lines[match[1]] = line


def _tracked(name: str) -> Iterator[str]:
    """Whether git has the file: then everybody who has the repository has its secrets."""
    if name == STDIN:
        return
    path = Path(name)
    strict = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]  # the folder's own are not run
    words = ["git", *strict, "ls-files", "--error-unmatch", "--", path.name]
    try:
        known = subprocess.run(words, cwd=path.parent, capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.SubprocessError):
        return
    if known.returncode == 0:
        yield f"git has {name}: whoever has the repository has its secrets (git rm --cached, then new secrets)"


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
