"""The commits of the kept releases, from the workspace's git: when they were made, and their first lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from windlass.layout import Layout
from windlass.question import Answer, Question
from windlass.shell import Command, quote


@dataclass(frozen=True)
class Commit:
    """`committed` is in seconds since the epoch."""

    hash: str
    committed: int
    subject: str


def question(layout: Layout) -> Question[Mapping[str, Commit]]:
    """Every kept release's commit by its hash; those that git does not know, or will not tell, are left out."""
    text = f"""\
cd {quote(layout.workspace)} 2>/dev/null || exit 0
cat {quote(layout.releases)}/[0-9]*/REVISION 2>/dev/null | sort -u |
    git cat-file --batch-check='%(objecttype) %(objectname)' 2>/dev/null | sed -n 's/^commit //p' |
    git rev-list --stdin --no-walk --format='%H %ct %s' 2>/dev/null || true
"""
    return Question("commits", Command(text), parse, timeout=15)


def parse(answer: Answer) -> Mapping[str, Commit]:
    """The lines of git's own headers (`commit HASH`) lie between ours."""
    found = {}
    for line in answer.out.splitlines():
        name, _, rest = line.partition(" ")
        committed, _, subject = rest.partition(" ")
        if len(name) in (40, 64) and committed.isdigit():
            found[name] = Commit(name, int(committed), subject)
    return found
