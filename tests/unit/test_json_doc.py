"""docs/json.md against the events and rows themselves."""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any

import pytest

from windlass import events
from windlass.report.database_rows import HostDatabase, KnownMigration, Running, StoredBackup, Waiting
from windlass.report.rows import (
    EnvVersion,
    Health,
    HostEnv,
    HostStatus,
    KeptRelease,
    Lock,
    Port,
    Process,
    Space,
    Variable,
)

DOC = (Path(__file__).parents[2] / "docs/json.md").read_text()
SECTIONS = dict(re.findall(r"^### `(.+?)`\n(.*?)(?=^##|\Z)", DOC, re.MULTILINE | re.DOTALL))
EVENTS = {kind.__name__.lower(): kind for kind in events.Event.__subclasses__()}
ROWS = {"fab status": HostStatus, "fab releases": KeptRelease, "fab env.list": HostEnv}
ROWS |= {"fab db.backups": StoredBackup, "fab db.status": HostDatabase}
PARTS = {"health": Health, "processes": Process, "ports": Port, "memory": Space, "lock": Lock}
PARTS |= {"variables": Variable, "versions": EnvVersion}
PARTS |= {"longest": Running, "waits": Waiting, "migrations": KnownMigration}
TYPES = {str: "text", float: "number", int: "number", bool: "true or false", tuple: "list", Mapping: "object"}


def table(section: str) -> list[tuple[list[str], list[str], str]]:
    """Each row of a section: its fields, their types, the meaning."""
    rows = re.findall(r"^\| (`.+?) \| (.+?) \| (.+) \|$", SECTIONS[section], re.MULTILINE)
    return [(re.findall(r"`(\w+)`", names), kinds.split(", "), meaning) for names, kinds, meaning in rows]


def kind_of(annotation: Any) -> str:
    """The type's word: that of the values that are there, where they may be none."""
    if isinstance(annotation, UnionType):
        annotation = next(part for part in typing.get_args(annotation) if part is not type(None))
    origin = typing.get_origin(annotation)
    if origin is typing.Literal:
        return "text"
    if is_dataclass(annotation):
        return "object"
    return TYPES.get(origin or annotation, "text")  # a moment is a text too


def test_every_event_is_documented_and_no_other() -> None:
    assert [name for name in SECTIONS if " " not in name] == [*EVENTS, "error"]


@pytest.mark.parametrize("name", [*EVENTS, *ROWS])
def test_the_fields_are_those_of_the_class_in_order_with_their_types(name: str) -> None:
    known = {**EVENTS, **ROWS}[name]
    types = typing.get_type_hints(known)
    expected = [(field.name, kind_of(types[field.name])) for field in fields(known)]
    told = []
    for names, kinds, _ in table(name):
        told += list(zip(names, kinds if len(kinds) == len(names) else kinds * len(names), strict=True))
    assert told == [pair for pair in expected if pair[0] != "host" or name in ROWS]


@pytest.mark.parametrize("name", EVENTS)
def test_every_word_that_a_field_may_hold_is_named(name: str) -> None:
    meanings = {names[0]: meaning for names, _, meaning in table(name)}
    for field, kind in typing.get_type_hints(EVENTS[name]).items():
        for word in typing.get_args(kind) if typing.get_origin(kind) is typing.Literal else ():
            assert f"`{word}`" in meanings[field]


@pytest.mark.parametrize("name", ROWS)
def test_the_fields_of_what_a_row_holds_are_named(name: str) -> None:
    for names, _, meaning in table(name):
        for part in (PARTS[one] for one in names if one in PARTS):
            assert [field.name for field in fields(part) if f"`{field.name}`" not in meaning] == []


@pytest.mark.parametrize("name", EVENTS)
def test_every_example_is_such_an_event(name: str) -> None:
    [example] = re.findall(r"^    (\{.+\})$", SECTIONS[name], re.MULTILINE)
    found = json.loads(example)
    found.pop("time")
    assert found.pop("event") == name
    for key, value in found.items():
        found[key] = tuple(value) if isinstance(value, list) else value
    made = EVENTS[name](**found)
    assert list(asdict(made)) == list(found)


def test_the_example_of_an_error_has_its_fields() -> None:
    [example] = re.findall(r"^    (\{.+\})$", SECTIONS["error"], re.MULTILINE)
    assert list(json.loads(example)) == ["time", "event", "message", "hint"]
    assert [names for names, _, _ in table("error")] == [["message"], ["hint"]]
