"""Whether what statements make and drop is in the database now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from windlass.question import Answer, Question
from windlass.shell import Command, quote
from windlass.sql import Change

There = Literal["there", "missing", "broken"]
"""An index is broken where building it CONCURRENTLY did not come to its end."""


def question(changes: Iterable[Change]) -> Question[Mapping[Change, There]]:
    """Look for each in the catalog, by the app's own search path; those that leave no trace are left out."""
    asked = [change for change in dict.fromkeys(changes) if _probe(change)]
    sql = (
        " UNION ALL ".join(f"SELECT {number}, {_probe(change)}" for number, change in enumerate(asked))
        or "SELECT WHERE false"
    )
    text = f"PGCONNECT_TIMEOUT=5 psql -XAtqw -F ' ' -c {quote(sql)}"

    def parse(answer: Answer) -> Mapping[Change, There]:
        found: dict[Change, There] = {}
        for line in answer.out.splitlines() if not answer.code else []:
            number, _, state = line.partition(" ")
            found[asked[int(number)]] = (
                "there" if state == "there" else "broken" if state == "broken" else "missing"
            )
        return found

    return Question("traces", Command(text), parse, environment=("database",))


def _probe(change: Change) -> str:
    """SQL for one of the words."""
    name, table = _literal(change.name), _literal(change.table)
    if change.thing == "index":
        valid = f"(SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass({name}))"  # noqa: S608
        return f"coalesce(CASE {valid} WHEN true THEN 'there' WHEN false THEN 'broken' END, 'missing')"
    holds = {
        "table": f"to_regclass({name}) IS NOT NULL",
        "view": f"to_regclass({name}) IS NOT NULL",
        "type": f"to_regtype({name}) IS NOT NULL",
        "schema": f"to_regnamespace({name}) IS NOT NULL",
        "column": (
            f"EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass({table}) "
            f"AND attname = (parse_ident({name}))[1] AND NOT attisdropped)"
        ),
        "constraint": (
            f"EXISTS (SELECT FROM pg_constraint WHERE conrelid = to_regclass({table}) "
            f"AND conname = (parse_ident({name}))[1])"
        ),
    }.get(change.thing)
    return f"CASE WHEN {holds} THEN 'there' ELSE 'missing' END" if holds else ""


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
