"""Which migrations the app's database has, asked in the way of the tool that applied them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from windlass.config.model import Config
from windlass.facts import prisma
from windlass.facts.applied import Applied
from windlass.question import Question


class Kind(Protocol):
    """What a kind of migrations knows to ask; a module of that kind's name."""

    def question(self) -> Question[Applied]:
        """Named "applied", and asked of the app's own database."""

    def errors(self) -> Question[Mapping[str, str]]:
        """Named "errors": what each failed migration said when it failed."""


KINDS: Mapping[str, Kind] = {"prisma": prisma}


def errors(config: Config) -> list[Question[Mapping[str, str]]]:
    """As `questions`, for what failed migrations said."""
    kind = KINDS.get(config.database.kind)
    return [kind.errors()] if kind else []


def questions(config: Config) -> list[Question[Applied]]:
    """The question of the configured kind; none where the app has no migrations."""
    kind = KINDS.get(config.database.kind)
    return [kind.question()] if kind else []
