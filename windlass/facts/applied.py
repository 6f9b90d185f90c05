"""The migrations of a database, whatever tool keeps the account of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Applied:
    """`names` are applied; `failed` were begun, not finished and not resolved. `problem` says why nobody knows.

    `running`: the database's process that is at work on one now, and for how many seconds, as "pid seconds".
    """

    names: frozenset[str] = frozenset()
    failed: tuple[str, ...] = ()
    problem: str = ""
    running: str = ""

    def pending(self, migrations: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the revision's migrations that the database lacks, in order."""
        return tuple(name for name in migrations if name not in self.names)
