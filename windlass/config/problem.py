"""One mistake in a configuration: where it is in the file, and what it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

Path = tuple[str | int, ...]

PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]+")
PASSWORD_IN_URL = re.compile(r"(?<=://)([^/\s:@]*):[^/\s@]+@")


@dataclass(frozen=True)
class Problem:
    """One mistake; `path` is where it is in the file, `others` are keys that it takes to make it."""

    path: Path
    reason: str
    others: tuple[Path, ...] = ()

    def __str__(self) -> str:
        return f"{as_written(self.path)}: {without_passwords(self.reason)}"

    def touches(self, paths: Iterable[Path]) -> bool:
        """Whether it is about a key at, above or below one of the paths."""
        return any(_overlap(mine, path) for mine in (self.path, *self.others) for path in paths)


def _overlap(one: Path, other: Path) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def without_passwords(text: str) -> str:
    """The text with the password of every URL in it starred out."""
    return PASSWORD_IN_URL.sub(r"\1:***@", text)


def as_written(path: Path) -> str:
    """The path as in TOML: `web.ports[1]`, `targets.production`, `build.env."A B"`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            quoted = part if PLAIN_KEY.fullmatch(part) else f'"{part}"'
            text += f".{quoted}" if text else quoted
    return text
