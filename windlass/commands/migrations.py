"""The tool that migrates the app's database, chosen by `database.kind`; each kind is a module of its name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Protocol

from windlass.commands import prisma
from windlass.config import Config
from windlass.shell import Command


class Tool(Protocol):
    """What a kind of migrations can do."""

    def generate(self) -> Command:
        """Make the code that the app reaches its database by; no text where there is none to make."""

    def migrate(self) -> Command:
        """Apply what is pending."""

    def down_sql(self, new: PurePosixPath, old: PurePosixPath, into: PurePosixPath) -> Command:
        """Write the SQL that leads from the new schema file back to the old."""


TOOLS: Mapping[str, Tool] = {"prisma": prisma}


def tool(config: Config) -> Tool | None:
    """None where the app has no migrations."""
    return TOOLS.get(config.database.kind)
