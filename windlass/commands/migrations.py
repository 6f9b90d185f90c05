"""The tool that migrates the app's database, chosen by `database.kind`; each kind is a module of its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Protocol

from windlass.commands import prisma
from windlass.config.model import Config
from windlass.shell import Command


class Tool(Protocol):
    """What a kind of migrations can do. Texts of SQL are whole statements, for a transaction of somebody else's."""

    FILES: tuple[str, str]
    LOCK: str

    def generate(self) -> Command:
        """Make the code that the app reaches its database by; no text where there is none to make."""

    def migrate(self) -> Command:
        """Apply what is pending."""

    def down_sql(self, new: PurePosixPath, old: PurePosixPath, into: PurePosixPath) -> Command:
        """Write the SQL that leads from the new schema file back to the old."""

    def forget(self, migrations: Sequence[str]) -> str:
        """Strike applied migrations from the account; an error where one is not there as applied."""

    def mark_rolled_back(self, migration: str) -> str:
        """Resolve a failed migration: it is pending again."""

    def mark_applied(self, migration: str, checksum: str) -> str:
        """Resolve a failed migration: it counts as applied; `checksum` is the SHA-256 of its SQL file."""


TOOLS: Mapping[str, Tool] = {"prisma": prisma}


def tool(config: Config) -> Tool | None:
    """None where the app has no migrations."""
    return TOOLS.get(config.database.kind)
