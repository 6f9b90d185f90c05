"""What was found must make a configuration that passes its check: what does not is shown and left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from windlass.config.check import check
from windlass.config.problem import Problem
from windlass.config.secrets import secrets_in
from windlass.errors import ConfigError
from windlass.init.setting import Entry, Remark, Setting, settings_of
from windlass.init.text import values_of


def settled(entries: Sequence[Entry]) -> list[Entry]:
    """The entries, those that cannot be used commented out with the reason.

    Raises ConfigError where it is the operator's own answers that do not go together.
    """
    current = list(entries)
    while True:
        config, problems = check(values_of(current))
        if config is not None:
            return current
        doubted = {id(setting): problem for problem in problems for setting in _causes(current, problem)}
        if not doubted:
            raise ConfigError(
                "these answers do not make a configuration; nothing was written",
                problems=[str(problem) for problem in problems],
                hint="fab --help init lists the options",
            )
        current = [
            _left_out(entry, doubted[id(entry)])
            if isinstance(entry, Setting) and id(entry) in doubted
            else entry
            for entry in current
        ]


def _causes(entries: Sequence[Entry], problem: Problem) -> list[Setting]:
    """The settings that a problem may be about, as few as there are."""
    doubtful = [setting for setting in settings_of(entries) if setting.active and not setting.given]
    directly = [setting for setting in doubtful if _overlap(setting.path, problem.path)]
    widely = [setting for setting in doubtful if problem.touches([setting.path])]
    beside = [setting for setting in doubtful if setting.table == problem.path[:-1]]
    return directly or widely or beside


def _overlap(one: tuple[str | int, ...], other: tuple[str | int, ...]) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _left_out(setting: Setting, problem: Problem) -> Entry:
    """The setting as a comment; what looks like a secret is not repeated."""
    note = f"{setting.note} Left out: {problem}"
    if list(secrets_in(setting.value, setting.path)):
        return Remark(setting.table, f"{setting.path[-1]}: {note}")
    return replace(setting, note=note, check=True, active=False)
