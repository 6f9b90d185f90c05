"""What a statement makes and drops, by its words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from windlass.sql.statements import Statement

_UNNAMED = {"primary", "unique", "foreign", "check", "exclude"}

Thing = Literal["table", "column", "index", "type", "constraint", "view", "schema", "rows"]


@dataclass(frozen=True)
class Change:
    """Something that a statement makes or, with `made` False, drops; `table` is a column's or a constraint's.

    Names are as the SQL writes them, quoted where it quotes them. "rows" of a table can only be dropped.
    """

    thing: Thing
    name: str
    made: bool
    table: str = ""


def changes(statement: Statement) -> tuple[Change, ...]:
    """What it makes and drops, as far as that is known; none for a statement of another kind."""
    reader = _Reader(statement.tokens)
    verb = reader.word("CREATE", "DROP", "ALTER", "TRUNCATE", "DELETE")
    if verb == "TRUNCATE" or (verb == "DELETE" and reader.word("FROM")):
        reader.skip("TABLE", "ONLY")
        return tuple(Change("rows", name, made=False) for name in reader.names())
    reader.skip("OR", "REPLACE", "TEMP", "TEMPORARY", "UNLOGGED", "UNIQUE", "MATERIALIZED")
    thing = reader.word("TABLE", "INDEX", "TYPE", "VIEW", "SCHEMA")
    reader.skip("CONCURRENTLY", "IF", "NOT", "EXISTS", "ONLY")
    if verb == "ALTER" and thing == "TABLE":
        return tuple(_altered(reader.name(), reader.rest()))
    if not thing or verb not in ("CREATE", "DROP"):
        return ()
    kind = cast(Thing, thing.lower())
    names = reader.names() if verb == "DROP" else [reader.name()]
    return tuple(Change(kind, name, made=verb == "CREATE") for name in names if name and name != "on")


def _altered(table: str, words: Sequence[str]) -> Iterator[Change]:
    for action in _split(words):
        reader = _Reader(action)
        verb = reader.word("ADD", "DROP")
        constraint = reader.word("CONSTRAINT")
        reader.skip("COLUMN", "IF", "NOT", "EXISTS")
        name = reader.name()
        unnamed = not constraint and name in _UNNAMED
        if verb and name and not unnamed:
            yield Change("constraint" if constraint else "column", name, made=verb == "ADD", table=table)


def _split(words: Sequence[str]) -> Iterator[list[str]]:
    """The actions between the commas that no parentheses hold."""
    depth, part = 0, list[str]()
    for word in words:
        depth += {"(": 1, ")": -1}.get(word, 0)
        if word == "," and not depth:
            yield part
            part = []
        else:
            part.append(word)
    yield part


class _Reader:
    """Takes words from the front."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = list(words)

    def word(self, *among: str) -> str:
        """The next word where it is one of these, else ""."""
        return self._words.pop(0) if self._words and self._words[0] in among else ""

    def skip(self, *among: str) -> None:
        while self.word(*among):
            pass

    def name(self) -> str:
        """A name with its schema, if it has one; unquoted ones in lower case, as PostgreSQL folds them."""
        name = self._part()
        while name and self.word("."):
            name += "." + self._part()
        return name

    def names(self) -> list[str]:
        found = [self.name()]
        while self.word(","):
            found.append(self.name())
        return [name for name in found if name]

    def rest(self) -> list[str]:
        return self._words

    def _part(self) -> str:
        if not self._words or not re.match(r'["\w]', self._words[0]):
            return ""
        word = self._words.pop(0)
        return word if word.startswith('"') else word.lower()
