"""A workspace on a server that fetches from one repository, and questions asked there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit import made
from tests.unit.bash import bash
from tests.unit.git import Repository, git_environment
from windlass.commands import git
from windlass.facts import Answer, Question


class Workspace:
    """Below a folder; `tables` are the app's configuration."""

    def __init__(self, folder: Path, **tables: Any) -> None:
        self.folder = folder
        self.origin = Repository(folder / "origin")
        self.config = made.config(folder / "srv", **tables)
        (folder / "srv").mkdir()

    def fetch(self) -> None:
        """As a deploy does first."""
        command = git.fetch(self.config.layout, str(self.origin.folder), None)
        bash(command, env=git_environment(self.folder)).check()

    def ask(self, question: Question[Any]) -> Any:
        """The parsed answer of a real shell."""
        done = bash(question.command, env=git_environment(self.folder))
        return question.parse(Answer(done.stdout, done.stderr, done.exit_code))
