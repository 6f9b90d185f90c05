"""Windlass as its users have it: a wheel, and the command that an environment of its own gives."""

from __future__ import annotations

import shutil
import sys
import sysconfig
import venv
from pathlib import Path

from tests.support.processes import run

CHECKOUT = Path(__file__).resolve().parents[2]
SHIPPED = ("pyproject.toml", "setup.py", "README.md", "windlass", "tasks", "templates", "config")


def build_wheel(folder: Path) -> Path:
    """Built from a copy, so that the checkout stays as it is."""
    for name in SHIPPED:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder)
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    run([sys.executable, "-m", "pip", "wheel", "-q", *offline, "-w", folder, folder], timeout=120).check()
    (built,) = folder.glob("*.whl")
    return built


def install(wheel: Path) -> Path:
    """The folder of programs of a new environment: Windlass from the wheel, and what it needs from the tests' own."""
    folder = wheel.parent / "venv"
    venv.create(folder)
    python = folder / "bin/python"
    offline = ["--no-deps", "--no-index", "--disable-pip-version-check"]
    run(
        [sys.executable, "-m", "pip", "--python", python, "install", "-q", *offline, wheel], timeout=120
    ).check()
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin"
