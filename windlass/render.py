"""Templates to text: the user's own folders first, then the ones that come with Windlass.

A folder of the user's may be a stranger's: a template is data, and reaches nothing but the values it is given.
"""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import (
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    select_autoescape,
)
from jinja2.sandbox import SandboxedEnvironment
from pydantic import BaseModel

from windlass.errors import ConfigError
from windlass.packaged import TEMPLATES


def render(template_name: str, *, folders: Sequence[Path] = (), **values: object) -> str:
    """The text of a template; a file of that name in the first of `folders` that has one wins.

    Raises ConfigError, with the file and the line, for a template that is missing or broken, that uses a
    value it was not given, or that puts a value where it cannot be written.
    """
    environment = _environment(folders)
    try:
        return environment.get_template(template_name).render(values)
    except TemplateNotFound as error:
        searched = ", ".join(str(folder) for folder in [*folders, TEMPLATES])
        raise ConfigError(f"there is no template {error.name}", hint=f"looked in {searched}") from None
    except TemplateSyntaxError as error:
        where = _place(error.filename or template_name, error.lineno)
        raise ConfigError(f"{where}: {error.message}", hint=_OWN_TEMPLATE) from None
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        where = _place(*_failing_line(error, template_name))
        raise ConfigError(f"{where}: {error}", hint=_OWN_TEMPLATE) from None


_OWN_TEMPLATE = f"nothing was changed; compare it with the template of the same name in {TEMPLATES}"


def nginx_string(value: object) -> str:
    """The value as one quoted nginx parameter.

    Raises ValueError for a `$` or a control character, which nginx has no way to write.
    """
    text = str(value)
    if "$" in text or not text.isprintable():
        raise ValueError(f"{text!r} cannot be written in an nginx file: it holds a $ or a control character")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unit_text(value: object) -> str:
    """The value as a unit's line holds it: a % there begins a specifier."""
    return str(value).replace("%", "%%")


_PLAIN_PATH = re.compile(r"(?:/[\w@.+-]+)+", re.ASCII)


def unit_path(value: object) -> str:
    """The value as a word of a unit, a plain absolute path: nothing in it means anything to systemd.

    Raises ValueError for any other: one that begins with a +, for example, would be run as root.
    """
    text = str(value)
    if not _PLAIN_PATH.fullmatch(text):
        raise ValueError(f"{text!r} is no plain absolute path")
    return text


def unit_paths(value: object) -> str:
    """The value as a unit's PATH: plain absolute paths with colons between them. Raises ValueError for any other."""
    return ":".join(map(unit_path, str(value).split(":")))


def milliseconds(seconds: float) -> int:
    """Seconds as whole milliseconds."""
    return round(seconds * 1000)


class _Sandbox(SandboxedEnvironment):
    """Without what pydantic gives every model, too: `parse_raw` unpickles, `parse_file` reads any file."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        inherited = isinstance(obj, BaseModel) or (isinstance(obj, type) and issubclass(obj, BaseModel))
        if (inherited and hasattr(BaseModel, attr)) or (isinstance(obj, Path) and callable(value)):
            return False
        return super().is_safe_attribute(obj, attr, value)


def _environment(folders: Sequence[Path]) -> SandboxedEnvironment:
    environment = _Sandbox(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html.j2"], default=False),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: dict[str, Any] = {
        "nginx": nginx_string,
        "js": json.dumps,
        "milliseconds": milliseconds,
        "regex": re.escape,
        "unit": unit_text,
        "unit_path": unit_path,
        "unit_paths": unit_paths,
    }
    environment.filters.update(filters)
    return environment


def _failing_line(error: Exception, template_name: str) -> tuple[str, int]:
    """The innermost line of a template on the error's way; jinja2 puts those lines into the traceback."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".j2")]
    return (frames[-1].filename, frames[-1].lineno or 0) if frames else (template_name, 0)


def _place(file: str, line: int) -> str:
    return f"template {file}, line {line}" if line else f"template {file}"
