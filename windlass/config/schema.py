"""The JSON schema of a configuration file, which editors complete and check with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from windlass.config.manual import entries
from windlass.config.model import Config

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(manual: Path) -> dict[str, Any]:
    """The schema, each key described by its comment in the manual where that can be read."""
    found = Config.model_json_schema(by_alias=True)
    try:
        comments = {
            entry.path: entry.comment for entry in entries(manual.read_text("utf-8")) if entry.comment
        }
    except OSError:
        comments = {}
    _describe(found, found, "", comments)
    return {"$schema": DIALECT, **found}


def _describe(root: dict[str, Any], node: dict[str, Any], path: str, comments: dict[str, str]) -> None:
    for key, child in node.get("properties", {}).items():
        place = f"{path}.{key}" if path else key
        if place in comments:
            child["description"] = comments[place]
        if table := _table(root, child):
            name = EXAMPLES.get(place, place)
            _describe(root, table, name, comments)


EXAMPLES = {"targets": "targets.production", "processes": "processes.worker"}
"""Tables of tables are described by the manual's example of one."""


def _table(root: dict[str, Any], node: dict[str, Any]) -> dict[str, Any] | None:
    """The definition that a property, the values of its table or the items of its list refer to."""
    for holder in (node, node.get("additionalProperties"), node.get("items")):
        if isinstance(holder, dict) and "$ref" in holder:
            definition: dict[str, Any] = root["$defs"][holder["$ref"].rsplit("/", 1)[1]]
            return definition
    return None
