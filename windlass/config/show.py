"""A configuration as text again, every default filled in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from windlass.config.model import Config
from windlass.config.problem import Path, as_written


def as_data(config: Config) -> dict[str, Any]:
    """The tables of the file; keys that are unset are left out."""
    return config.model_dump(by_alias=True, exclude_none=True)


def as_json(config: Config) -> str:
    return json.dumps(as_data(config), indent=2, ensure_ascii=False) + "\n"


def as_toml(config: Config) -> str:
    """TOML that `load` reads as the same configuration."""
    return "\n\n".join("\n".join(table) for table in _tables(as_data(config), ())) + "\n"


def _tables(table: dict[str, Any], path: Path, *, item: bool = False) -> Iterator[list[str]]:
    """The lines of a table and then of the tables in it, as TOML wants them."""
    plain = {key: value for key, value in table.items() if not _holds_tables(value)}
    if plain and path:
        heading = f"[[{as_written(path)}]]" if item else f"[{as_written(path)}]"
        yield [heading, *(f"{as_written((key,))} = {toml(value)}" for key, value in plain.items())]
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _tables(value, (*path, key))
        elif _holds_tables(value):
            for each in value:
                yield from _tables(each, (*path, key), item=True)


def _holds_tables(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def toml(value: Any) -> str:
    """A value as TOML writes it: text, number, boolean, or a list of them."""
    if isinstance(value, list):
        return "[" + ", ".join(toml(each) for each in value) + "]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    # A TOML text is written as a JSON one, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
