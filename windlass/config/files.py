"""Where configurations are: one TOML file per app in a folder."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

from windlass.config.check import check
from windlass.config.model import Config
from windlass.config.problems import Problem
from windlass.errors import ConfigError, UsageError
from windlass.near import did_you_mean

FOLDER_VARIABLE = "WINDLASS_CONFIG"


def config_folder(fabfile_folder: Path) -> Path:
    """$WINDLASS_CONFIG, else `config` in the current folder, else `config` beside the fabfile."""
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen).expanduser()
    here = Path("config")
    return here if here.is_dir() else fabfile_folder / here


def apps(folder: Path) -> list[str]:
    """The apps that have a file in the folder, at least one; raises UsageError."""
    try:
        names = sorted(file.stem for file in folder.iterdir() if file.suffix == ".toml" and file.is_file())
    except OSError as error:
        raise UsageError(
            f"no configuration: {folder}: {error.strerror}",
            hint=f"run fab where config/ is, or set {FOLDER_VARIABLE} to the folder of APP.toml",
        ) from None
    if not names:
        raise UsageError(f"no app: {folder} holds no .toml file", hint=f"write {folder}/APP.toml")
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
    if names:
        raise UsageError(
            f"which app? {folder} has {_listed(names)}", hint=f"choose one with --app {names[0]}"
        )
    raise UsageError(f"no app: {folder} holds no .toml file", hint=f"write {folder}/APP.toml")


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none"


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax(file, str(error)), hint="nothing was touched; correct that line") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{file}:{line}: is not UTF-8 text", hint="save the file as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}", hint="nothing was touched") from None


def _syntax(file: Path, message: str) -> str:
    """`file:line:column: what`, which editors understand, from the parser's own words."""
    found = re.fullmatch(r"(?P<what>.*) \(at line (?P<line>\d+), column (?P<column>\d+)\)", message)
    if found is None:
        return f"{file}: {message}"
    return f"{file}:{found['line']}:{found['column']}: {found['what']}"
