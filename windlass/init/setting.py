"""One key of the configuration that is to be written, and where its value comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Setting:
    """A key's path in the file, its value, and a note that says where that was found.

    `check`: the operator must look at it. `active` is False for a key that is only shown, as a comment.
    `given`: the operator said so, and it is never doubted.
    """

    path: tuple[str, ...]
    value: Any
    note: str
    check: bool = False
    active: bool = True
    given: bool = False

    @property
    def table(self) -> tuple[str, ...]:
        return self.path[:-1]


@dataclass(frozen=True)
class Remark:
    """What is to be said of a table although no key can be set."""

    table: tuple[str, ...]
    note: str
    check: bool = True


Entry = Setting | Remark


def shown(table: str, key: str, value: Any, note: str) -> Setting:
    """A key at its default (or an example's value), as a comment that is easily put in force."""
    return Setting((table, key), value, note, active=False)


def settings_of(entries: Iterable[Entry]) -> Iterator[Setting]:
    return (entry for entry in entries if isinstance(entry, Setting))


def value_of(entries: Iterable[Entry], *path: str) -> Any:
    """The value in force of a key; None where it has none."""
    return next((each.value for each in settings_of(entries) if each.path == path and each.active), None)


def replaced(entries: Iterable[Entry], settings: Iterable[Setting]) -> list[Entry]:
    """The entries with these settings in the place of those of the same path, new ones at the end."""
    chosen = {setting.path: setting for setting in settings}
    kept = [chosen.pop(entry.path, entry) if isinstance(entry, Setting) else entry for entry in entries]
    return [*kept, *chosen.values()]
