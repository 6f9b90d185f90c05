"""Reading the object literals of a JavaScript or TypeScript file, without ever running it.

Only what is written out is read. Anything that would have to be computed is `Unknown`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r"""
      (?P<space>\s+ | //[^\n]* | /\*.*?\*/)
    | (?P<string>"(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' | `(?:[^`\\]|\\.)*`)
    | (?P<number>\d[\d_]{0,15}(?:\.\d{1,15})?)
    | (?P<name>[A-Za-z_$][\w$]*)
    | (?P<mark>=> | \.\.\. | .)
    """,
    re.VERBOSE | re.DOTALL,
)
_PATTERN = re.compile(r"/(?![*/])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
_OPENING, _CLOSING = {"{": "}", "[": "]", "(": ")"}, {"}", "]", ")"}
_BEFORE_AN_OBJECT = {"=", "(", "default", "return", ",", "[", "?", ":"}
_BEFORE_A_PATTERN = {"", "(", ",", "=", ":", "[", "!", "&", "|", "?", "{", "}", ";", "return", "=>"}
_DEEPEST = 50


@dataclass(frozen=True)
class Unknown:
    """A value that only running the file would tell; `text` is how it is written."""

    text: str


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def objects(text: str) -> list[dict[str, Any]]:
    """The outermost object literals of a file, in order: texts, numbers, booleans, None, lists, tables."""
    reader, found, at = _Reader(_tokens(text)), [], 0
    while at < len(reader.tokens):
        before = reader.at(at - 1).text if at else ""
        if reader.at(at).text == "{" and before in _BEFORE_AN_OBJECT:
            value, end = reader.table(at, 0)
            if value is not None:
                found.append(value)
                at = end
                continue
        at += 1
    return found


def without_comments(text: str) -> str:
    """The code of a file."""
    return " ".join(token.text for token in _tokens(text))


def written(table: Mapping[str, Any], key: str, kind: type) -> Any:
    """The value of a key where it is of this kind, else None."""
    value = table.get(key)
    return value if isinstance(value, kind) and not (kind is int and isinstance(value, bool)) else None


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(text):
        before = found[-1].text if found else ""
        match = _PATTERN.match(text, at) if before in _BEFORE_A_PATTERN else None
        kind = "pattern"
        if match is None:
            match = _TOKEN.match(text, at)
            kind = (match.lastgroup or "") if match else ""
        if match is None:
            break
        if kind != "space":
            found.append(_Token(kind, match[0]))
        at = match.end()
    return found


class _Reader:
    """Reads literals from tokens; each method takes a position and returns the value and the next position."""

    def __init__(self, tokens: list[_Token]) -> None:
        self.tokens = tokens

    def at(self, index: int) -> _Token:
        return self.tokens[index] if index < len(self.tokens) else _Token("end", "")

    def table(self, at: int, depth: int) -> tuple[dict[str, Any] | None, int]:
        """An object literal; None where the braces hold something else, such as statements."""
        found: dict[str, Any] = {}
        at += 1
        while self.at(at).text != "}":
            token = self.at(at)
            following = self.at(at + 1).text
            if token.text == "," and found:
                at += 1
            elif token.kind in ("name", "string", "number") and following == ":":
                found[_plain(token)], at = self.value(at + 2, depth + 1)
            elif token.kind == "name" and following in (",", "}"):
                found[token.text], at = Unknown(token.text), at + 1
            elif token.text in ("...", "[") or (token.kind in ("name", "string") and following == "("):
                at = self.skip(at)
                found.setdefault("...", Unknown("..."))
            elif token.text in ("async", "get", "set", "*"):
                at += 1
            else:
                return None, at
        return found, at + 1

    def value(self, at: int, depth: int) -> tuple[Any, int]:
        """A literal, or Unknown for what is more than one."""
        token, end = self.at(at), self.skip(at)
        value: Any = Unknown("")
        after = at + 1
        if token.kind == "string" and "${" not in token.text:
            value = _plain(token)
        elif token.kind == "number":
            value = _number(token.text)
        elif token.text in ("true", "false", "null", "undefined"):
            value = {"true": True, "false": False}.get(token.text)
        elif token.text == "{" and depth < _DEEPEST:
            inner, after = self.table(at, depth)
            value = Unknown("{") if inner is None else inner
        elif token.text == "[" and depth < _DEEPEST:
            value, after = self.items(at, depth)
        if after < end and self.at(after).text not in ("as", "satisfies"):
            value = Unknown(" ".join(each.text for each in self.tokens[at:end]))
        return value, end

    def items(self, at: int, depth: int) -> tuple[list[Any], int]:
        """A list; what is spread into it is Unknown."""
        found: list[Any] = []
        at += 1
        while self.at(at).kind != "end" and self.at(at).text != "]":
            if self.at(at).text == ",":
                at += 1
                continue
            value, end = self.value(at, depth + 1)
            found.append(value)
            at = max(end, at + 1)
        return found, at + 1

    def skip(self, at: int) -> int:
        """Where an expression ends: the comma, or the closing bracket that is not its own."""
        expected: list[str] = []
        while self.at(at).kind != "end":
            text = self.at(at).text
            if self.at(at).kind == "mark":
                if not expected and (text == "," or text in _CLOSING):
                    return at
                if text in _OPENING:
                    expected.append(_OPENING[text])
                elif expected and text == expected[-1]:
                    expected.pop()
            at += 1
        return at


def _plain(token: _Token) -> str:
    if token.kind != "string":
        return token.text
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), token.text[1:-1], flags=re.DOTALL)


def _number(text: str) -> int | float:
    plain = text.replace("_", "")
    return float(plain) if "." in plain else int(plain)
