"""How much data a statement would drop, counted before it runs."""

from __future__ import annotations

from collections.abc import Iterable

from windlass.question import Answer, Question
from windlass.shell import Command, quote
from windlass.sql import Change

PATIENCE = 10
"""Seconds that one count may take; a table so large is dropped all the same, and its size not told."""


def question(changes: Iterable[Change]) -> Question[dict[Change, int | None]]:
    """The rows, or the values that are not null, of what would be dropped; None where nobody could count."""
    asked = [change for change in changes if not change.made and _count(change)]
    lines = [
        f"psql -XAtqw -c 'SET statement_timeout = {PATIENCE * 1000}' -c {quote(_count(change))} 2>/dev/null || echo '?'"
        for change in asked
    ]

    def parse(answer: Answer) -> dict[Change, int | None]:
        counts = [*answer.out.split(), *["?"] * len(asked)]
        return {
            change: int(count) if count.isdigit() else None
            for change, count in zip(asked, counts, strict=False)
        }

    text = "\n".join(["export PGCONNECT_TIMEOUT=5", *lines])
    return Question("losses", Command(text), parse, timeout=120, environment=("database",))


def _count(change: Change) -> str:
    """SQL; the names in it are as the SQL that drops them writes them."""
    if change.thing in ("table", "rows"):
        return f"SELECT count(*) FROM {change.name}"  # noqa: S608
    if change.thing == "column":
        return f"SELECT count({change.name}) FROM {change.table}"  # noqa: S608
    return ""
