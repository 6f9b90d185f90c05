"""Repositories that were never written: files in memory, and what is read out of them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Any

from windlass.config.check import check
from windlass.config.model import Config
from windlass.init.answers import Origin, answers
from windlass.init.project import Project
from windlass.init.questions import complete
from windlass.init.setting import Entry
from windlass.init.settle import settled
from windlass.init.text import text_of
from windlass.init.tree import Tree

ORIGIN = Origin("git@example.org:acme/shop.git", "main")
NEXT = {
    "name": "shop",
    "scripts": {"build": "next build", "start": "next start"},
    "dependencies": {"next": "16"},
}
EXPRESS = {"name": "shop", "scripts": {"start": "node src/index.js"}, "dependencies": {"express": "5"}}


def tree(files: Mapping[str, Any]) -> Tree:
    """A tree whose files are texts, or what is written as JSON."""
    return Tree.of({path: one if isinstance(one, str) else json.dumps(one) for path, one in files.items()})


def entries(files: Mapping[str, Any], folder: str = ".", origin: Origin = ORIGIN) -> list[Entry]:
    return settled(complete(answers(Project(tree(files), folder), origin)))


def text(files: Mapping[str, Any], folder: str = ".", origin: Origin = ORIGIN) -> str:
    """The file that is written for a repository."""
    return text_of(entries(files, folder, origin), ["made"])


def config(files: Mapping[str, Any], folder: str = ".", origin: Origin = ORIGIN) -> Config:
    """What the file says, as a deploy reads it."""
    found, problems = check(tomllib.loads(text(files, folder, origin)))
    assert found is not None, problems
    return found


def checks(files: Mapping[str, Any], folder: str = ".", origin: Origin = ORIGIN) -> str:
    """Everything that the operator is asked to look at."""
    return "\n".join(entry.note for entry in entries(files, folder, origin) if entry.check)
