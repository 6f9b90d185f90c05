"""SQL as far as it must be read to be run whole: where each statement ends, and what it is of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<line>--[^\n]*) | (?P<block>/\*)
    | (?P<string>[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*')
    | (?P<name>"(?:[^"]|"")*")
    | (?P<dollar>\$(?:[^\W\d]\w*)?\$)
    | (?P<word>[^\W\d][\w$]*)
    | (?P<space>\s+)
    | (?P<other>\d+|.)""",
    re.VERBOSE | re.DOTALL,
)
_BLOCK = re.compile(r"/\*|\*/")
_STEERING = ("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT")
_BRACKETS = {
    f"{verb}{noun}" for verb in ("BEGIN", "COMMIT", "END") for noun in ("", " WORK", " TRANSACTION")
} | {"START TRANSACTION"}
_ALONE = {"ALTER SYSTEM"} | {
    f"{verb} {noun}" for verb in ("CREATE", "DROP") for noun in ("DATABASE", "TABLESPACE", "SUBSCRIPTION")
}
_BODIES = re.compile(r"CREATE (OR REPLACE )?(FUNCTION|PROCEDURE)\b")


@dataclass(frozen=True)
class Statement:
    """One statement without its semicolon and the comments before it.

    `tokens` are its words in capitals, its quoted names as they are, and single characters; no literals' values.
    """

    text: str
    tokens: tuple[str, ...]

    def begins(self, *words: str) -> bool:
        return self.tokens[: len(words)] == words

    @property
    def brackets(self) -> bool:
        """Whether it only begins or ends a transaction, as Prisma writes around a change of an enum."""
        return " ".join(self.tokens) in _BRACKETS

    @property
    def unfit(self) -> str:
        """Why it cannot be part of one transaction; "" where it can."""
        if self.brackets or self.begins("ROLLBACK", "TO"):
            return ""
        words = " ".join(self.tokens[:2])
        if self.tokens[0] in _STEERING or words == "PREPARE TRANSACTION":
            return "it steers transactions itself"
        concurrent = "CONCURRENTLY" in self.tokens and not self.begins("REFRESH")
        alone = self.tokens[0] == "VACUUM" or words in _ALONE or concurrent
        return "PostgreSQL runs it in no transaction" if alone else ""


def statements(text: str) -> tuple[Statement, ...]:
    """The statements of a text, ended by the semicolons that psql would end them by."""
    found: list[Statement] = []
    start, tokens = -1, list[str]()
    parens = bodies = 0
    for kind, at, end in _lexed(text):
        word = text[at:end]
        if word == ";" and parens <= 0 and bodies <= 0:
            if tokens:
                found.append(Statement(text[start:at].strip(), tuple(tokens)))
            start, tokens, parens, bodies = -1, [], 0, 0
            continue
        start = at if start < 0 else start
        parens += {"(": 1, ")": -1}.get(word, 0)
        read = word.upper() if kind == "word" else "'" if kind == "string" else word
        bodies += _deeper(read, bodies, tokens)
        tokens.append(read)
    if tokens:
        found.append(Statement(text[start:].strip(), tuple(tokens)))
    return tuple(found)


def _lexed(text: str) -> Iterator[tuple[str, int, int]]:
    """Every token that is no space and no comment: its kind, where it begins and ends."""
    at = 0
    while found := _TOKEN.match(text, at):
        kind, begin, at = str(found.lastgroup), found.start(), found.end()
        if kind == "block":
            at = _after_block(text, at)
        elif kind == "dollar":
            close = text.find(found.group(), at)
            at = len(text) if close < 0 else close + len(found.group())
            yield "string", begin, at
        elif kind not in ("line", "space"):
            yield kind, begin, at


def _after_block(text: str, at: int) -> int:
    """Where a comment ends that may hold others."""
    depth = 1
    for mark in _BLOCK.finditer(text, at):
        depth += 1 if mark.group() == "/*" else -1
        if not depth:
            return mark.end()
    return len(text)


def _deeper(word: str, depth: int, before: Sequence[str]) -> int:
    """How a word changes the depth inside the body of a function that is written without quotes."""
    if word == "END" and depth:
        return -1
    opens = word == "BEGIN" or (word == "CASE" and depth)
    return 1 if opens and _BODIES.match(" ".join(before[:5])) else 0
