"""The ledger's last runs, as its records."""

from __future__ import annotations

import json

from windlass.layout import Layout
from windlass.ledger import Record
from windlass.question import Answer, Question
from windlass.shell import Command


def question(layout: Layout, runs: int) -> Question[tuple[Record, ...]]:
    """Ask for the records of so many runs, the last ones, oldest first."""
    arguments = {"ledger": str(layout.ledger), "runs": runs}
    return Question("history", Command(""), parse, call="history", arguments=arguments)


def parse(answer: Answer) -> tuple[Record, ...]:
    """Raises ValueError where the ledger could not be read."""
    if answer.code:
        raise ValueError(answer.err)
    found = json.loads(answer.out)
    if not (isinstance(found, list) and all(isinstance(record, dict) for record in found)):
        raise ValueError("it holds no records")
    return tuple(found)
