"""Reading the annotated file: each key's comment, and its value even where that is commented out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

COMMENTED_OUT = re.compile(r"#(?=[\[A-Za-z_\"])")
"""As in sshd_config: `#key = value` is a default, `# words` are words."""
TABLE = re.compile(r"\[+(?P<name>[^\]]+)\]+")
KEY = re.compile(r"(?P<name>[A-Za-z_][\w-]*) = (?P<value>.+)")


@dataclass(frozen=True)
class Entry:
    """A key or a table of the manual; `path` is dotted, `active` is False where it is commented out."""

    path: str
    comment: str
    value: Any
    active: bool


def entries(text: str) -> Iterator[Entry]:
    """Every table and key of an annotated file, in order."""
    table = ""
    comment: list[str] = []
    for line in text.splitlines():
        bare = COMMENTED_OUT.sub("", line, count=1) if line.startswith("#") else line
        if found := TABLE.fullmatch(bare):
            table = found["name"]
            yield Entry(table, " ".join(comment), None, bare == line)
        elif found := KEY.fullmatch(bare):
            value = tomllib.loads(bare)[found["name"]]
            yield Entry(f"{table}.{found['name']}", " ".join(comment), value, bare == line)
        elif line.startswith("# "):
            comment.append(line[2:])
            continue
        comment = []


def uncommented(text: str) -> str:
    """The same file with everything that is commented out in force."""
    return "\n".join(COMMENTED_OUT.sub("", line, count=1) for line in text.splitlines())
