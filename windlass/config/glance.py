"""A first glance at an app's file: whom to connect to, while all of it is still to be checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Glance:
    """What the file says, unchecked: hosts by target, and how to connect to them."""

    app: str
    targets: Mapping[str, Sequence[str]]
    connect_timeout: float
    forward_agent: bool


def glance(folder: Path, app: str | None) -> Glance:
    """Read an app's file, by default the only one; raises any error for one that is not as it should be."""
    files = [folder / f"{app}.toml"] if app else list(folder.glob("*.toml"))
    (file,) = files
    written = tomllib.loads(file.read_text("utf-8"))
    ssh = written.get("ssh", {})
    targets = {name: list(target["hosts"]) for name, target in written.get("targets", {}).items()}
    return Glance(file.stem, targets, ssh.get("connect_timeout", 10), ssh.get("forward_agent", False))
