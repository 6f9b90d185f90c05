"""The files of a repository as its detectors see them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from windlass.errors import UsageError


@dataclass(frozen=True)
class Tree:
    """Paths, relative and with slashes, and how the text of one is read ("" where it cannot be).

    `folder` is where this tree lies in its repository, "." for the top.
    """

    paths: frozenset[str]
    read: Callable[[str], str]
    folder: str = "."

    @classmethod
    def of(cls, files: Mapping[str, str]) -> Tree:
        """A tree that is held in memory."""
        return cls(frozenset(files), lambda path: files.get(path, ""))

    def __contains__(self, path: str) -> bool:
        return path in self.paths

    def text(self, path: str) -> str:
        """The text of a file, "" where there is none."""
        return self.read(path) if path in self.paths else ""

    def below(self, folder: str) -> Tree:
        """The tree of a folder."""
        if folder == ".":
            return self
        start = f"{folder}/"
        paths = frozenset(path.removeprefix(start) for path in self.paths if path.startswith(start))
        return Tree(paths, lambda path: self.read(start + path), self.name_of(folder))

    def matching(self, pattern: re.Pattern[str]) -> list[str]:
        """The paths that a pattern describes whole: the outermost first, then by name."""
        found = [path for path in self.paths if pattern.fullmatch(path)]
        return sorted(found, key=lambda path: (path.count("/"), path))

    def first(self, names: Iterable[str]) -> str:
        """The first of the names that is there, else ""."""
        return next((name for name in names if name in self.paths), "")

    def holds_folder(self, folder: str) -> bool:
        return any(path.startswith(f"{folder}/") for path in self.paths)

    def name_of(self, path: str) -> str:
        """The path as seen from the top of the repository."""
        return str(PurePosixPath(self.folder) / path)

    def json(self, path: str) -> dict[str, Any]:
        """The object in a file, empty where there is no file; raises UsageError for anything else."""
        if path not in self.paths:
            return {}
        name, hint = self.name_of(path), "nothing was written; correct that file first"
        try:
            found = json.loads(self.text(path).removeprefix("\ufeff"))
        except json.JSONDecodeError as error:
            raise UsageError(
                f"{name}:{error.lineno}:{error.colno}: not JSON: {error.msg}", hint=hint
            ) from None
        except RecursionError:
            raise UsageError(f"{name}: is nested too deeply", hint=hint) from None
        if not isinstance(found, dict):
            raise UsageError(f"{name}: expected an object in braces", hint=hint)
        return found
