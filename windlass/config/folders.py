"""Where configurations are looked for."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER_VARIABLE = "WINDLASS_CONFIG"


def config_folder(fabfile_folder: Path | None) -> Path:
    """$WINDLASS_CONFIG, else `config` in the current folder, else `config` beside the fabfile, if there is one."""
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen).expanduser()
    here = Path("config")
    return fabfile_folder / here if fabfile_folder and not here.is_dir() else here
