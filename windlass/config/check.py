"""From a file's tables to a Config, or to everything that is wrong with them at once."""

from __future__ import annotations

import copy
from typing import Any

from pydantic import ValidationError

from windlass.config.model import Config
from windlass.config.problem import Path, Problem
from windlass.config.rules import broken_rules
from windlass.config.secrets import secrets_in
from windlass.config.words import of_validation

STAND_INS = {"name": "app", "repository": "repository"}


def check(values: dict[str, Any]) -> tuple[Config | None, list[Problem]]:
    """The configuration and no problem, or None and every problem."""
    leaks = list(secrets_in(values))
    config, mistakes = _as_far_as_right(values)
    wrong = [problem.path for problem in mistakes]
    # What else is wrong with a secret would quote it.
    quotable = [problem for problem in mistakes if not any(problem.path == leak.path for leak in leaks)]
    problems = [
        *quotable,
        *leaks,
        *(problem for problem in broken_rules(config) if not problem.touches(wrong)),
    ]
    return (None, _in_the_files_order(problems, values)) if problems else (config, [])


def _in_the_files_order(problems: list[Problem], values: dict[str, Any]) -> list[Problem]:
    tables = list(values)
    return sorted(
        problems, key=lambda problem: tables.index(top) if (top := problem.path[0]) in tables else -1
    )


def _as_far_as_right(values: dict[str, Any]) -> tuple[Config, list[Problem]]:
    """The configuration with every wrong key at its default, and what is wrong with those."""
    rest = copy.deepcopy(values)
    mistakes: list[Problem] = []
    while True:
        try:
            return Config.model_validate(rest), mistakes
        except ValidationError as error:
            found = of_validation(error)
        mistakes += [problem for problem in found if not problem.touches([known.path for known in mistakes])]
        for problem in found:
            _cut(rest, problem.path)
        if not isinstance(rest.get("app"), dict):
            rest["app"] = {}
        rest["app"] = STAND_INS | rest["app"]


def _cut(values: dict[str, Any], path: Path) -> None:
    """Remove what is at the path: all of a list with a wrong item, all of a table that lacks a key."""
    for index, part in enumerate(path):
        if isinstance(part, int):
            _cut(values, path[:index])
            return
    table: Any = values
    for part in path[:-1]:
        table = table.get(part) if isinstance(table, dict) else None
    if isinstance(table, dict) and path[-1] in table:
        del table[path[-1]]
    elif len(path) > 1:
        _cut(values, path[:-1])
