"""config/prompthub.toml is the manual: it holds every key, and what it says of each is true."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from windlass.config.check import check
from windlass.config.files import load
from windlass.config.manual import Entry, entries, uncommented
from windlass.config.model import Config
from windlass.config.schema import schema
from windlass.config.show import as_data

FILE = Path(__file__).parents[3] / "config/prompthub.toml"
TEXT = FILE.read_text("utf-8")
KEYS = [entry for entry in entries(TEXT) if "." in entry.path and entry.value is not None]
EXAMPLES = {"targets.production": "targets", "processes.worker": "processes"}


def places(model: dict[str, Any], node: dict[str, Any], path: str = "") -> dict[str, dict[str, Any]]:
    """Every key of the model with its JSON schema, tables of tables under their example's name."""
    found: dict[str, dict[str, Any]] = {}
    for key, child in node["properties"].items():
        holder = next(
            (h for h in (child, child.get("additionalProperties"), child.get("items")) if ref(h)), None
        )
        if holder:
            name = next((example for example, table in EXAMPLES.items() if table == key), key)
            found |= places(model, model["$defs"][ref(holder)], f"{name}.")
        else:
            found[path + key] = {**child, "required": key in node.get("required", [])}
    return found


def ref(node: Any) -> str:
    return node["$ref"].rsplit("/", 1)[1] if isinstance(node, dict) and "$ref" in node else ""


MODEL = Config.model_json_schema(by_alias=True)
PLACES = places(MODEL, MODEL)


def test_the_manual_loads_as_it_is() -> None:
    config = load(FILE.parent, "prompthub")
    assert config.database.kind == "prisma"
    assert config.targets == {}


def test_the_manual_loads_with_everything_in_force() -> None:
    config, problems = check(tomllib.loads(uncommented(TEXT)))
    assert problems == []
    assert config is not None
    assert list(config.targets) == ["production"]
    assert list(config.processes) == ["worker"]
    assert len(config.contacts) == 1


def test_the_manual_holds_every_key_of_the_model_once_and_no_other() -> None:
    assert sorted(entry.path for entry in KEYS) == sorted(PLACES)


@pytest.mark.parametrize("entry", KEYS, ids=lambda entry: entry.path)
def test_the_manual_says_the_true_default(entry: Entry) -> None:
    place = PLACES[entry.path]
    if place["required"]:
        assert "Required." in entry.comment
    elif place.get("default", "") is None:
        assert "Default: unset" in entry.comment
    else:
        assert documented_default(entry) == true_default(entry.path)


def documented_default(entry: Entry) -> Any:
    """The value that is commented out, or where another is in force what the comment says."""
    if not entry.active:
        return entry.value
    said = re.search(r"Default: (.+)\.$", entry.comment)
    assert said, f"{entry.path} is in force, and its comment does not end with its default"
    return tomllib.loads(f"value = {said[1]}")["value"]


def true_default(path: str) -> Any:
    """What a file gets that says nothing but what it must."""
    least = {
        "app": {"name": "prompthub", "repository": "x"},
        "targets": {"production": {"hosts": ["a"]}},
        "processes": {"worker": {"script": "x"}},
    }
    value = as_data(Config.model_validate(least))
    for part in path.split("."):
        value = value[part]
    return value


@pytest.mark.parametrize("entry", [*entries(TEXT)], ids=lambda entry: entry.path)
def test_every_table_and_key_of_the_manual_is_explained(entry: Entry) -> None:
    assert len(entry.comment) > 10
    assert entry.comment.endswith(".")


@pytest.mark.parametrize("entry", KEYS, ids=lambda entry: entry.path)
def test_every_time_and_share_has_its_unit(entry: Entry) -> None:
    if PLACES[entry.path].get("type") == "number":
        assert re.search(r"[Ss]econds|percent", entry.comment)


def test_the_schema_describes_every_key_in_the_manuals_words() -> None:
    described = schema(FILE)
    missing = [path for path, place in places(described, described).items() if not place.get("description")]
    assert missing == []
    json.dumps(described)


def test_the_schema_needs_no_manual(tmp_path: Path) -> None:
    assert "app" in schema(tmp_path / "none.toml")["properties"]
