"""Where configurations are: one TOML file per app in a folder."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from windlass.config.check import check
from windlass.config.folders import FOLDER_VARIABLE
from windlass.config.model import Config
from windlass.config.problem import Problem
from windlass.errors import ConfigError, UsageError
from windlass.near import did_you_mean


def apps(folder: Path) -> list[str]:
    """The apps that have a file in the folder, at least one; raises UsageError."""
    try:
        names = sorted(file.stem for file in folder.iterdir() if file.suffix == ".toml" and file.is_file())
    except OSError as error:
        raise UsageError(
            f"no configuration: {folder}: {error.strerror}",
            hint=f"fab init writes one; or go where config/ is, or set {FOLDER_VARIABLE} to the folder of APP.toml",
        ) from None
    if not names:
        raise UsageError(f"no app: {folder} holds no .toml file", hint=f"fab init writes {folder}/APP.toml")
    return names


def load(folder: Path, app: str | None) -> Config:
    """The configuration of an app, by default of the only one.

    Raises UsageError where the app is not one of the folder's or has to be chosen, ConfigError with every
    problem of its file.
    """
    file = folder / f"{_choose(folder, app)}.toml"
    config, problems = check(_read(file))
    if config is not None and config.app.name != file.stem:
        reason = f"is {config.app.name!r} in a file that is called {file.name}: give both one name"
        problems = [Problem(("app", "name"), reason)]
    if config is None or problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise ConfigError(
            f"{file} has {count}; nothing was touched",
            problems=[str(problem) for problem in problems],
            hint=f"correct the file, then: fab config.check --app {file.stem}",
        )
    return config


def _choose(folder: Path, app: str | None) -> str:
    names = apps(folder)
    if app is not None:
        if app in names:
            return app
        raise UsageError(
            f"no app {app!r} in {folder}{did_you_mean(app, names)}", hint=f"its apps: {', '.join(names)}"
        )
    if len(names) == 1:
        return names[0]
    raise UsageError(f"which app? {folder} has {', '.join(names)}", hint=f"choose one with --app {names[0]}")


def _read(file: Path) -> dict[str, Any]:
    text = ""
    try:
        text = file.read_bytes().decode("utf-8-sig")
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place, what = _syntax(str(error), text)
        raise ConfigError(f"{file}:{place}: {what}", hint="nothing was touched; correct that line") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{file}:{line}: is not UTF-8 text", hint="save the file as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}", hint="nothing was touched") from None


def _syntax(message: str, text: str) -> tuple[str, str]:
    """`line:column`, which editors understand, and what is wrong, from the parser's own words."""
    what, _, _ = message.replace("Cannot overwrite a value", "a key is given twice").partition(" (at ")
    if found := re.search(r"\(at line (\d+), column (\d+)\)", message):
        return f"{found[1]}:{found[2]}", what
    return str(len(text.splitlines()) or 1), what
