"""Whether the app's folder can be made, and whether its repository can be reached from the server."""

from __future__ import annotations

from dataclasses import dataclass

from windlass.commands import git
from windlass.config.model import Config
from windlass.question import Answer, Question
from windlass.shell import Command, cmd, quote

TIMEOUT = 20
"""Seconds that the repository has to answer."""


@dataclass(frozen=True)
class Ground:
    """`unwritable` is the folder in which nothing can be made, `unreachable` what git said; "" where all is well."""

    unwritable: str
    unreachable: str


def question(config: Config) -> Question[Ground]:
    """Ask the repository for its HEAD as a deploy would; nothing is written."""
    ask = cmd("timeout", TIMEOUT, "git", "ls-remote", "--quiet", "--", config.app.repository, "HEAD")
    text = f"""\
place={quote(config.layout.root)}
while [ ! -e "$place" ]; do place=$(dirname -- "$place"); done
if [ ! -w "$place" ]; then echo "unwritable $place"; fi
command -v git >/dev/null || exit 0
{git.transport(config.git.key)}
if ! said=$({ask} 2>&1 >/dev/null </dev/null); then
    echo "unreachable $(printf '%s' "${{said:-no answer within {TIMEOUT} s}}" | tr -s '\n' ' ' | cut -c -300)"
fi
"""
    return Question("ground", Command(text), parse, timeout=TIMEOUT + 5, environment=("ssh",))


def parse(answer: Answer) -> Ground:
    """The `name value` lines as they were printed."""
    found = {}
    for line in answer.out.splitlines():
        name, _, value = line.partition(" ")
        found[name] = value
    return Ground(found.get("unwritable", ""), found.get("unreachable", ""))
