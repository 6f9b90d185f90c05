"""Tables for people, and the same rows as JSON lines for machines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import TextIO, TypeVar

from rich.console import Console, Group, RenderableType
from rich.text import Text

from windlass.clean import cleaned, one_line
from windlass.report import jsonl, units
from windlass.report.database import backups_table, database_table
from windlass.report.database_rows import HostDatabase, StoredBackup
from windlass.report.entries import entries
from windlass.report.env import env_table
from windlass.report.rows import Deed, HostEnv, HostStatus, KeptRelease
from windlass.report.sink import Sink
from windlass.report.status import status_table
from windlass.typed import as_typed

PIPE_WIDTH = 200
"""Columns where no terminal limits them, so that a line found by grep is whole."""

GOOD_WORDS = {
    "done": "green",
    "nothing-to-do": "green",
    "good": "green",
    "live": "bold green",
    "stable": "cyan",
}
BAD_WORDS = {
    "failed": "red",
    "bad": "red",
    "went-back": "yellow",
    "cancelled": "yellow",
    "needs-person": "bold red",
}

Row = TypeVar("Row", HostStatus, HostEnv, KeptRelease, Deed, StoredBackup, HostDatabase)


def show_status(
    hosts: Sequence[HostStatus], *, json: bool = False, stream: TextIO | None = None, width: int | None = None
) -> None:
    """Print one table per host, or one object a line."""
    worded = [cleaned(host, as_typed) for host in hosts]
    _show(worded, lambda known: map(status_table, known), json, stream, width)


def show_env(
    hosts: Sequence[HostEnv],
    *,
    json: bool = False,
    stream: TextIO | None = None,
    width: int | None = None,
    zone: tzinfo | None = None,
) -> None:
    """Print a table of each host's `.env`, or one object a line; moments in the operator's zone."""
    _show(hosts, lambda known: (env_table(row, zone) for row in known), json, stream, width)


def show_releases(
    releases: Sequence[KeptRelease],
    *,
    json: bool = False,
    stream: TextIO | None = None,
    width: int | None = None,
    zone: tzinfo | None = None,
) -> None:
    """Print the kept releases in the order given, a table per host; moments in the operator's zone."""
    _show(
        releases, lambda rows: (releases_table(found, zone) for found in _by_host(rows)), json, stream, width
    )


def show_history(
    deeds: Sequence[Deed],
    *,
    json: bool = False,
    stream: TextIO | None = None,
    width: int | None = None,
    zone: tzinfo | None = None,
) -> None:
    """Print the ledger, newest first; `deeds` come as the ledger has them, oldest first."""
    newest = list(reversed(deeds))
    _show(newest, lambda rows: (history_table(found, zone) for found in _by_host(rows)), json, stream, width)


def show_backups(
    backups: Sequence[StoredBackup],
    *,
    json: bool = False,
    stream: TextIO | None = None,
    width: int | None = None,
    zone: tzinfo | None = None,
) -> None:
    """Print the backups in the order given, a table per host; moments in the operator's zone."""
    _show(backups, lambda rows: (backups_table(found, zone) for found in _by_host(rows)), json, stream, width)


def show_database(
    hosts: Sequence[HostDatabase],
    *,
    json: bool = False,
    stream: TextIO | None = None,
    width: int | None = None,
) -> None:
    """Print how each host's database does, or one object a line."""
    worded = [cleaned(host, as_typed) for host in hosts]
    _show(worded, lambda known: map(database_table, known), json, stream, width)


def releases_table(releases: Sequence[KeptRelease], zone: tzinfo | None = None) -> Group:
    """One host's kept releases."""
    rows = []
    for row in releases:
        live = f"live ({row.slot})" if row.slot else "live"
        state = _words([live if row.live else "", row.verdict, "stable" if row.stable else ""])
        space = "" if row.size is None else units.size(row.size)
        known = row.went_live is not None or row.live
        when = Text(_moment(row.went_live, zone) if known else "never")
        env = Text("" if row.env is None else str(row.env))
        cells = [Text(row.release), state, when, Text(space), env, Text(row.revision[:10], "dim")]
        rows.append((cells, row.subject))
    return entries(releases[0].host, ("release", "state", "went live", "size", ".env", "commit"), rows)


def history_table(deeds: Sequence[Deed], zone: tzinfo | None = None) -> Group:
    """One host's deeds, in the order given."""
    rows = []
    for row in deeds:
        took = "" if row.seconds is None else units.duration(row.seconds)
        cells = [Text(_moment(row.at, zone)), _words([row.outcome]), Text(row.release), Text(took)]
        was = f"was {row.was}" if row.was and row.was != row.release else ""
        deed = Text(f"{row.what} by {row.who}" if row.who else row.what)
        env = "" if row.env is None else f".env version {row.env}"
        rows.append(([*cells, deed], "; ".join(filter(None, (was, env, row.reason)))))
    return entries(deeds[0].host, ("when", "outcome", "release", "took", "what"), rows)


def _words(words: Iterable[str]) -> Text:
    styles = GOOD_WORDS | BAD_WORDS
    shown = [Text(word, styles.get(word.split(" ")[0], "")) for word in words if word]
    return Text(", ").join(shown)


def _moment(moment: datetime | None, zone: tzinfo | None) -> str:
    return "unknown" if moment is None else units.clock(moment, zone)


def _by_host(rows: Sequence[Row]) -> list[list[Row]]:
    hosts = dict.fromkeys(row.host for row in rows)
    return [[row for row in rows if row.host == host] for host in hosts]


def _show(
    rows: Sequence[Row],
    tables: Callable[[Sequence[Row]], Iterable[RenderableType]],
    json: bool,
    stream: TextIO | None,
    width: int | None,
) -> None:
    sink = Sink(stream or sys.stdout)
    if json:
        sink.write("".join(jsonl.line(asdict(row)) for row in rows))
        return
    wide = width or (None if sink.terminal else PIPE_WIDTH)
    console = Console(
        file=sink.stream, width=wide, force_terminal=sink.terminal, highlight=False, markup=False
    )
    with console.capture() as captured:
        for table in tables([cleaned(row, one_line) for row in rows]):
            console.print(table)
    text = captured.get()
    sink.write("".join(f"{line.rstrip()}\n" for line in text.splitlines()))
