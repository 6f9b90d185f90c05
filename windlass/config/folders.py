"""Where configurations are looked for."""

from __future__ import annotations

import os
from pathlib import Path

from windlass.packaged import CHECKOUT

FOLDER_VARIABLE = "WINDLASS_CONFIG"


def config_folder(fabfile_folder: Path | None) -> Path:
    """$WINDLASS_CONFIG, else `config` in the current folder, else `config` beside the fabfile, if there is one."""
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen).expanduser()
    here = Path("config")
    return fabfile_folder / here if fabfile_folder and not here.is_dir() else here


def folder_of_configs() -> Path:
    """The folder that holds the apps' files; it need not be there."""
    return config_folder(CHECKOUT)


def folder_of_templates() -> tuple[Path, ...]:
    """The folders whose templates win over those that come with Windlass: `templates` beside the apps' files."""
    own = folder_of_configs() / "templates"
    return (own,) if own.is_dir() else ()
