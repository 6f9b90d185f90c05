"""What the model found wrong, in the words of the file instead of a library's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from windlass.config.model import Config
from windlass.config.problem import Path, Problem
from windlass.near import did_you_mean

EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "a table",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a table",
    "string_type": "text",
}
LIMITS = {
    "greater_than": ("gt", "more than {}"),
    "greater_than_equal": ("ge", "at least {}"),
    "less_than": ("lt", "less than {}"),
    "less_than_equal": ("le", "at most {}"),
}


def of_validation(error: ValidationError) -> list[Problem]:
    """Every mistake that the model found."""
    return [_problem(detail) for detail in error.errors(include_url=False)]


def _problem(detail: ErrorDetails) -> Problem:
    path = tuple(part for part in detail["loc"] if part != "[key]")
    return Problem(path, _reason(detail, path))


def _reason(detail: ErrorDetails, path: Path) -> str:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    match kind:
        case "missing":
            words = "is missing"
        case "extra_forbidden":
            words = "unknown key" + _meant(path)
        case "literal_error":
            words = f"expected {context['expected']}, got {_shown(value)}".replace("'", '"')
        case "too_short" | "too_long":
            words = _wrong_length(kind, value, context)
        case "value_error":
            words = str(context["error"])
        case _ if kind in EXPECTED:
            words = _wrong_type(EXPECTED[kind], value)
        case _ if kind in LIMITS:
            name, limit = LIMITS[kind]
            words = f"{value} is out of range: {limit.format(_number(context[name]))}"
        case _:
            words = "cannot be used"
    return words


def _wrong_type(expected: str, value: Any) -> str:
    quoted = "; put it in quotes" if expected == "text" and isinstance(value, int | float) else ""
    got = str(value) if expected == "a whole number" and isinstance(value, float) else _kind(value)
    return f"expected {expected}, got {got}{quoted}"


def _wrong_length(kind: str, value: list[Any], context: Mapping[str, Any]) -> str:
    count = context["min_length" if kind == "too_short" else "max_length"]
    bound = "at least" if kind == "too_short" else "at most"
    return f"expected {bound} {count} value{'s' if count > 1 else ''}, got {len(value) or 'none'}"


def _kind(value: Any) -> str:
    kinds = (
        (bool, "true or false"),
        (int | float, "a number"),
        (str, "text"),
        (list, "a list"),
        (dict, "a table"),
    )
    for kind, words in kinds:
        if isinstance(value, kind):
            return words
    return "a date or time" if isinstance(value, date | time) else "something else"


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else _kind(value)


def _number(value: float) -> str:
    return f"{value:g}"


def _meant(path: Path) -> str:
    """What an unknown key was meant to be: a near miss beside it, or the same key of another table."""
    name = str(path[-1])
    if near := did_you_mean(name, _keys_beside(path)):
        return near
    homes = [section for section, keys in sections() if name in keys]
    return f"; {name} belongs in [{homes[0]}]" if len(homes) == 1 else ""


def _keys_beside(path: Path) -> list[str]:
    annotation: Any = Config
    for part in path[:-1]:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            annotation = annotation.model_fields[str(part)].annotation
        else:
            annotation = get_args(annotation)[-1]
    return keys_of(annotation)


def keys_of(section: type[BaseModel]) -> list[str]:
    """The keys of a table as the file writes them."""
    return [field.alias or name for name, field in section.model_fields.items()]


def sections() -> Iterator[tuple[str, list[str]]]:
    """Each table that holds keys only, with these."""
    for name, field in Config.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield name, keys_of(field.annotation)
