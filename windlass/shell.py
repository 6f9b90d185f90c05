"""Shell text as a value: every word quoted, joined by functions instead of by hand."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import PurePath


def quote(word: str | int | float | PurePath) -> str:
    """The word as one shell word. Raises ValueError for a NUL, which no argument can hold."""
    text = str(word)
    if "\0" in text:
        raise ValueError("a shell word cannot hold a NUL character")
    return shlex.quote(text) if text.isprintable() else _escaped(text)


@dataclass(frozen=True)
class Command:
    """Bash text, complete in itself; it may span lines and is run under `set -euo pipefail`.

    As a condition, or with its failure ignored, it had better be one command: there bash knows no `-e`.
    """

    text: str

    def __str__(self) -> str:
        return self.text

    def tolerated(self) -> Command:
        """The same command with its failure ignored."""
        return Command(f"{_group(self)} || true")

    def quietly(self) -> Command:
        """The same command with its output and errors thrown away."""
        return Command(f"{_group(self)} >/dev/null 2>&1")

    def commented(self, why: str) -> Command:
        """The same command under a comment line for whoever reads the dry run."""
        return Command("\n".join([*(f"# {line}" for line in why.splitlines()), self.text]))


NOTHING = Command("")
"""No command at all; joined with others it leaves no trace."""


def cmd(*words: str | int | float | PurePath) -> Command:
    """One simple command, each word quoted."""
    return Command(" ".join(quote(word) for word in words))


def all_of(*commands: Command) -> Command:
    """The commands one after the other; `set -e` ends at the first that fails."""
    return Command("\n".join(command.text for command in commands if command.text))


def both(first: Command, second: Command) -> Command:
    """The second only where the first succeeded, as one command that may itself be a condition."""
    return Command(f"{_group(first)} && {_group(second)}")


def either(first: Command, second: Command) -> Command:
    """The second only where the first failed."""
    return Command(f"{_group(first)} || {_group(second)}")


def when(condition: Command, then: Command, otherwise: Command | None = None) -> Command:
    """`if condition; then …; else …; fi`, with the bodies indented."""
    lines = [f"if {condition.text}; then", _indent(then)]
    if otherwise is not None:
        lines += ["else", _indent(otherwise)]
    return Command("\n".join([*lines, "fi"]))


def fed(command: Command, text: str) -> Command:
    """A simple command with a text of whole lines as its input. Raises ValueError for a NUL."""
    if "\0" in text:
        raise ValueError("a here-document cannot hold a NUL character")
    if not text.endswith("\n"):
        text += "\n"
    mark = "END"
    while mark in text:
        mark += "_"
    return Command(f"{command.text} <<'{mark}'\n{text}{mark}")


def write_file(path: PurePath, content: str) -> Command:
    """Write a text of whole lines through a temporary name and a rename, so that no reader sees half of it.

    Raises ValueError for a NUL.
    """
    incoming = path.with_name(path.name + ".next")
    return all_of(fed(Command(f"cat >{quote(incoming)}"), content), cmd("mv", "-T", incoming, path))


def _escaped(text: str) -> str:
    """The word on one line, so that indenting its command cannot change it."""
    return "$'" + "".join(_escape(character) for character in text) + "'"


def _escape(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character.isprintable():
        return character
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return named.get(character) or "".join(f"\\x{byte:02x}" for byte in character.encode())


def _group(command: Command) -> str:
    if "\n" in command.text:
        return "{\n" + _indent(command) + "\n}"
    simple = not any(mark in command.text for mark in ("||", "&&", ";"))
    return command.text if simple else f"{{ {command.text}; }}"


def _indent(command: Command) -> str:
    if "<<'" in command.text:
        return command.text  # a here-document's lines must stay as they are
    return "\n".join(f"    {line}" for line in command.text.split("\n"))
