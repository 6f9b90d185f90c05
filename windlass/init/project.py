"""The app that a configuration is written for, as its detectors see it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from windlass.init import js
from windlass.init.package import Package, package
from windlass.init.tree import Tree

NEXT_CONFIGS = tuple(f"next.config.{ending}" for ending in ("js", "mjs", "cjs", "ts", "mts"))
_CODE = re.compile(
    r"(?!(?:.*/)?(?:node_modules|tests?|__tests__)/).+(?<!\.d)(?<!\.test)(?<!\.spec)\.[cm]?[jt]sx?"
)
_MANY = 300


@dataclass(frozen=True)
class Project:
    """An app in `folder` of a repository, whose files are `top`."""

    top: Tree
    folder: str = "."

    @cached_property
    def tree(self) -> Tree:
        """The app's own files."""
        return self.top.below(self.folder)

    @cached_property
    def package(self) -> Package:
        """The app's package.json; raises UsageError where it is not JSON."""
        return package(self.tree)

    @cached_property
    def workspace(self) -> Package:
        """The package.json at the top of the repository, the app's own where that is the same."""
        return package(self.top)

    @cached_property
    def sources(self) -> list[str]:
        """The app's own code, as much of it as is worth reading."""
        return self.tree.matching(_CODE)[:_MANY]

    @property
    def is_next(self) -> bool:
        return self.package.uses("next") or bool(self.tree.first(NEXT_CONFIGS))

    @cached_property
    def next_config(self) -> NextConfig:
        file = self.tree.first(NEXT_CONFIGS)
        return NextConfig(self.tree.name_of(file) if file else "", self.tree.text(file))


class NextConfig:
    """The settings of a next.config file that can be read with certainty."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._objects: list[Mapping[str, Any]] = [*js.objects(text)]
        self._code = js.without_comments(text)

    def value(self, key: str) -> Any:
        """The value of a key: None where it is not set, js.Unknown where reading does not tell."""
        found = [table[key] for table in self._objects if key in table]
        if f". {key} = " in self._code or len({repr(value) for value in found}) > 1:
            return js.Unknown(key)
        return found[0] if found else None

    def text(self, key: str) -> str:
        """The value where it is a text that is written out, else ""."""
        value = self.value(key)
        return value if isinstance(value, str) else ""

    def unsure(self, key: str) -> bool:
        return isinstance(self.value(key), js.Unknown)
