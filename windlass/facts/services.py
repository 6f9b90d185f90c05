"""Which units systemd brings up at a boot and runs now, and what files of root's say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath

from windlass.question import Answer, Question
from windlass.shell import Command, quote


@dataclass(frozen=True)
class Services:
    """Units by name without `.service`; `digests` are the SHA-256 of the files that are there."""

    enabled: frozenset[str]
    active: frozenset[str]
    digests: dict[str, str]

    def up(self, unit: str) -> bool:
        """Whether it runs, and will after a boot."""
        return unit in self.enabled and unit in self.active

    def holds(self, file: PurePosixPath, text: str) -> bool:
        """Whether the file has exactly this text."""
        return self.digests.get(str(file)) == sha256(text.encode()).hexdigest()


def question(units: Iterable[str], files: Iterable[PurePosixPath]) -> Question[Services]:
    text = f"""\
for unit in {" ".join(map(quote, units))}; do
    if systemctl is-enabled --quiet "$unit" 2>/dev/null; then echo "enabled $unit"; fi
    if systemctl is-active --quiet "$unit"; then echo "active $unit"; fi
done
for file in {" ".join(map(quote, files))}; do
    sha256sum "$file" 2>/dev/null | sed 's/^/digest /' || true
done
"""
    return Question("services", Command(text), parse)


def parse(answer: Answer) -> Services:
    lines = [line.split(None, 2) for line in answer.out.splitlines()]
    return Services(
        frozenset(words[1] for words in lines if words[0] == "enabled"),
        frozenset(words[1] for words in lines if words[0] == "active"),
        {words[2]: words[1] for words in lines if words[0] == "digest"},
    )
