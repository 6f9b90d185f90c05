"""Whose word decides what a path on the server leads to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import PurePath

from windlass.commands.users import ROOT
from windlass.question import Answer, Question
from windlass.shell import cmd

__all__ = ["ROOT", "parse", "question"]


def question(paths: Iterable[str | PurePath]) -> Question[Mapping[str, str]]:
    """The user for each path: "root" where nobody else can change what it leads to, "" where anybody might.

    Wants root, who may look everywhere.
    """
    wanted = sorted({str(path) for path in paths})
    return Question("whose", cmd("namei", "--owners", *wanted), parse, "whose", {"paths": wanted})


def parse(answer: Answer) -> Mapping[str, str]:
    """What could not be looked at is nobody's."""
    found: dict[str, str] = json.loads(answer.out) if answer.code == 0 else {}
    return found
