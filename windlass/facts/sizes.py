"""How much disk the kept releases take."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from windlass.layout import Layout
from windlass.question import Answer, Question
from windlass.shell import Command, quote

TIMEOUT = 10
"""Seconds after which the sizes stay unknown: on a slow disk tens of thousands of files take their time."""


def question(layout: Layout) -> Question[Mapping[str, int]]:
    """Bytes by release. What releases share counts for the newest of them, so that the sizes add up."""
    text = f"""\
cd {quote(layout.releases)} 2>/dev/null || exit 0
find . -mindepth 1 -maxdepth 1 -name '[0-9]*' -type d -print0 | sort -z --reverse |
    du --summarize --one-file-system --block-size=1 --files0-from=- 2>/dev/null || true
"""
    return Question("sizes", Command(text), parse, timeout=TIMEOUT)


def parse(answer: Answer) -> Mapping[str, int]:
    """The lines as du prints them; none where it was not ready in time."""
    found = {}
    for line in answer.out.splitlines():
        size, _, path = line.partition("\t")
        if size.isdigit() and answer.code == 0:
            found[PurePosixPath(path).name] = int(size)
    return found
