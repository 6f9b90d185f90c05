"""The tables of `db.backups` and `db.status`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

from windlass.report import units
from windlass.report.database_rows import HostDatabase, KnownMigration, StoredBackup
from windlass.report.entries import entries

STATES = {"applied": "green", "pending": "yellow", "failed": "bold red", "foreign": "yellow"}
WORDS = {"foreign": "applied, not in the live release"}


def backups_table(backups: Sequence[StoredBackup], zone: tzinfo | None = None) -> Group:
    """One host's backups; moments are shown in the zone."""
    rows = []
    for row in backups:
        verified = Text("verified", "green") if row.verified else Text("not verified", "yellow")
        if not row.file:
            verified = Text("a database", "cyan")
        cells = [
            Text(row.name),
            Text(units.clock(row.created, zone)),
            Text(units.duration(row.age)),
            Text(units.size(row.size)),
            verified,
            Text(row.release),
        ]
        details = [
            row.why,
            row.version and f"PostgreSQL {row.version}",
            row.copied and f"copied to {row.copied}",
        ]
        rows.append((cells, "; ".join(filter(None, details))))
    return entries(backups[0].host, ("backup", "made", "age", "size", "", "live then"), rows)


def database_table(row: HostDatabase) -> Group:
    """How one host's database does."""
    lines = [
        *([] if row.error else _figures(row)),
        *_migrations(row.migrations),
        *(Text(f"! {warning}", "bold yellow") for warning in row.warnings),
        *([Text(row.error, "bold red")] if row.error else []),
        *([Text(f"→ {row.hint}")] if row.hint else []),
    ]
    return Group(Text(row.host, "bold"), *(Padding(line, (0, 0, 0, 2)) for line in lines), Text())


def _figures(row: HostDatabase) -> Iterator[Text]:
    states = ", ".join(f"{number} {state}" for state, number in sorted(row.connections.items()))
    yield Text(f"{row.name}  PostgreSQL {row.version}, {units.size(row.size)}")
    share = f"connections  {sum(row.connections.values())}" + (f" ({states})" if states else "")
    yield Text(f"{share}; the server has {row.used} of at most {row.limit}")
    if row.longest:
        yield Text(f"longest      {_statement(row.longest.pid, row.longest.seconds, row.longest.query)}")
    for wait in row.waits:
        yield Text(f"waits        {_statement(wait.pid, wait.seconds, wait.query)}", "yellow")
        yield Text(f"             for pid {wait.for_pid}, {wait.for_state}: {wait.for_query}", "yellow")
    age = "none" if row.backup_age is None else f"{row.backup}, {units.duration(row.backup_age)} old"
    yield Text(f"backup       {age}", "" if row.backup_age is not None else "yellow")


def _statement(pid: int, seconds: float, query: str) -> str:
    return f"pid {pid} for {units.duration(seconds)}: {query}"


def _migrations(migrations: Sequence[KnownMigration]) -> Iterator[Text]:
    width = max((len(WORDS.get(one.state, one.state)) for one in migrations), default=0)
    for one in migrations:
        word = WORDS.get(one.state, one.state)
        line = Text("migration    ").append(word.ljust(width), STATES[one.state]).append(f"  {one.name}")
        yield line.append(f"  by {one.release}", "dim") if one.release else line
