"""Settings as the text of a configuration file, every line with its source."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from windlass.config.model import Config
from windlass.config.problem import as_written
from windlass.config.show import toml
from windlass.init.setting import Entry, Setting, settings_of

WIDTH = 110
CHECK = "CHECK: "


def text_of(entries: Sequence[Entry], heading: Iterable[str]) -> str:
    """The file: a heading, then the tables in the order of the manual."""
    blocks = ["\n".join(line for words in heading for line in _comment(words))]
    tables = dict.fromkeys(entry.table for entry in entries)
    order = list(Config.model_fields)
    for table in sorted(tables, key=lambda path: order.index(path[0])):
        of_table = [entry for entry in entries if entry.table == table]
        blocks.append("\n".join(_lines(table, of_table)))
    whole = "\n\n".join(blocks) + "\n"
    return whole.encode("utf-8", "replace").decode()  # half a surrogate pair from somebody's JSON


def values_of(entries: Iterable[Entry]) -> dict[str, Any]:
    """What a parser of the text will find."""
    values: dict[str, Any] = {}
    for setting in settings_of(entries):
        if setting.active:
            table = values
            for part in setting.table:
                table = table.setdefault(part, {})
            table[setting.path[-1]] = setting.value
    return values


def _lines(table: tuple[str, ...], entries: list[Entry]) -> Iterator[str]:
    in_force = len(table) == 1 or any(setting.active for setting in settings_of(entries))
    yield f"{'' if in_force else '#'}[{as_written(table)}]"
    for entry in entries:
        yield from _comment(f"{CHECK}{entry.note}" if entry.check else entry.note)
        if isinstance(entry, Setting):
            yield f"{'' if entry.active else '#'}{as_written(entry.path[-1:])} = {toml(entry.value)}"


def _comment(words: str) -> list[str]:
    printable = "".join(character if character.isprintable() else " " for character in words)
    return [f"# {line}" for line in textwrap.wrap(printable, WIDTH - 2, break_on_hyphens=False)]
