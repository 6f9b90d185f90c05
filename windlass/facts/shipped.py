"""The migrations that the live release came with."""

from __future__ import annotations

from windlass.config.model import Config
from windlass.question import Answer, Question
from windlass.shell import Command, quote


def question(config: Config) -> Question[tuple[str, ...]]:
    """Their names in order; none where nothing is live."""
    layout = config.layout
    folder = layout.subfolder / config.database.migrations
    text = f"""\
slot=blue
if [ -e {quote(layout.green)} ]; then slot=green; fi
cd {quote(layout.run)}/slot-"$slot"/{quote(folder)} 2>/dev/null || exit 0
find . -mindepth 1 -maxdepth 1 -type d -printf '%f\\n' | sort
"""
    return Question("shipped", Command(text), parse)


def parse(answer: Answer) -> tuple[str, ...]:
    """One name a line."""
    return tuple(answer.out.splitlines()) if not answer.code else ()
