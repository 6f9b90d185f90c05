"""From a file's tables to a Config, or to everything that is wrong with them at once."""

from __future__ import annotations

import copy
from typing import Any

from pydantic import ValidationError

from windlass.config.model import Config
from windlass.config.problems import Path, Problem, of_validation
from windlass.config.rules import broken_rules
from windlass.config.secrets import secrets_in

STAND_INS = {"name": "app", "repository": "repository"}


def check(values: dict[str, Any]) -> tuple[Config | None, list[Problem]]:
    """The configuration and no problem, or None and every problem."""
    leaks = list(secrets_in(values))
    try:
        config = Config.model_validate(values)
    except ValidationError as error:
        mistakes = [problem for problem in of_validation(error) if not _covered(problem.path, leaks)]
        return None, [*mistakes, *leaks, *_rules_broken_by_the_rest(values, of_validation(error))]
    problems = [*leaks, *broken_rules(config)]
    return (None, problems) if problems else (config, [])


def _rules_broken_by_the_rest(values: dict[str, Any], mistakes: list[Problem]) -> list[Problem]:
    """What the rules say of the keys that are right by themselves, with each wrong one at its default."""
    rest = copy.deepcopy(values)
    wrong = [_cut(rest, problem.path) for problem in mistakes]
    if not isinstance(rest.get("app"), dict):
        rest["app"] = {}
    rest["app"] = STAND_INS | rest["app"]
    try:
        config = Config.model_validate(rest)
    except ValidationError:
        return []
    return [
        problem
        for problem in broken_rules(config)
        if not any(_overlap(place, path) for place in (problem.path, *problem.others) for path in wrong)
    ]


def _cut(values: dict[str, Any], path: Path) -> Path:
    """Remove what is at the path: all of a list with a wrong item, all of a table that lacks a key."""
    for index, part in enumerate(path):
        if isinstance(part, int):
            return _cut(values, path[:index])
    table: Any = values
    for part in path[:-1]:
        table = table.get(part, {}) if isinstance(table, dict) else {}
    if isinstance(table, dict) and path[-1] in table:
        del table[path[-1]]
    elif len(path) > 1 and path[0] != "app":
        _cut(values, path[:-1])
    return path


def _overlap(one: Path, other: Path) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _covered(path: Path, leaks: list[Problem]) -> bool:
    """Whether a leak says it already; what else is wrong with a secret would quote it."""
    return any(path == leak.path for leak in leaks)
