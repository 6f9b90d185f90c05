"""Words of a server or a repository, made safe for the operator's terminal, which they must not be able to drive.

The colours of an app's own log lines go too: a colour can hide what is written in it.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

_ESCAPES = re.compile(
    r"""
      (?: \x1b\[ | \x9b ) [0-?]* [ -/]* [@-~]  # CSI: colours, cursor
    | (?: \x1b[\]PX^_] | [\x90\x98\x9d-\x9f] ) [^\x07\x1b\x9c]* (?: \x07 | \x1b\\ | \x9c )  # OSC: titles
    | \x1b [ -/]* [0-~]  # two-character escapes
    """,
    re.VERBOSE,
)

_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")

T = TypeVar("T")


def one_line(text: str) -> str:
    """The text on one line, without escapes, control characters or marks that reverse its direction."""
    if text.isprintable():
        return text
    return " ".join(part for part in (_printable(line) for line in text.splitlines()) if part)


def lines(text: str) -> str:
    """As `one_line`, with the line breaks kept."""
    if text.isprintable():
        return text
    return "\n".join(_printable(line) for line in text.split("\n"))


def harmless(text: str) -> str:
    """As `lines`, with the tabs kept: for a text that may be written to a file."""
    if text.isprintable():
        return text
    return "\t".join(lines(part) for part in _ESCAPES.sub("", text).split("\t"))


def coloured(text: str) -> str:
    """As `harmless`, with the colours kept that Windlass draws with; no other escape."""
    if text.isprintable():
        return text
    return "".join(part if at % 2 else harmless(part) for at, part in enumerate(_COLOUR.split(text)))


def last_state(text: str) -> str:
    """A line of output as a terminal would leave it: of a progress bar, what came after its last return."""
    return one_line(text.rstrip("\r\n").rpartition("\r")[2])


def cleaned(value: T, clean: Callable[[str], str] = lines) -> T:
    """A dataclass with every text in it made safe, those in its tuples, mappings and parts included."""
    safe: T = _cleaned(value, clean)
    return safe


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, (tuple, list)):
        return type(value)(_cleaned(item, clean) for item in value)
    if isinstance(value, Mapping):
        return {_cleaned(key, clean): _cleaned(item, clean) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        known = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **{name: _cleaned(part, clean) for name, part in known.items()})
    return value


def _printable(line: str) -> str:
    return "".join(map(_safe, _ESCAPES.sub("", line).expandtabs(4)))


def _safe(character: str) -> str:
    if character.isprintable():
        return character
    kind = unicodedata.category(character)
    if kind == "Zs":
        return " "
    return "" if kind in ("Cc", "Cf", "Zl", "Zp") else "\N{REPLACEMENT CHARACTER}"
