"""The table of what was measured, on the terminal and as Markdown."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib import metadata

from rich.console import Console
from rich.table import Table

from tests.bench.figures import Row, Series
from tests.bench.server import RATE
from tests.vps.hosts.machine import Vps

HEADINGS = (
    "what",
    "Windlass",
    "beside",
    "takes",
    "ratio",
    "wanted",
    "reached",
    "lost by Windlass",
    "lost beside",
)
EXPLAINED = """\
Seconds: the median, and from the least to the most. Both sides of a row were run in turn on the same server, a
Debian with its own systemd in a container of the machine that ran `make bench` too. What a deploy or a rollback
takes is what Windlass prints, "live after N s", the connection and the health gates included; "from Enter" is
the same with the start of Python. By hand it is counted from the start of `ssh` until the app answers its
health check. The gates watch as long as they do by default: a new release for 3 s, one that was live before for
0.5 s, a warm standby no longer than it takes to ask. Visitors made {rate} requests a second meanwhile, pages with
their assets. A code-only deploy by hand is the runbook's § 4 without the migration.
"""


def show(rows: Iterable[Row]) -> None:
    """Print the table."""
    table = Table(*HEADINGS)
    for row in rows:
        table.add_row(*_cells(row))
    Console(width=None if os.isatty(1) else 180).print(table)


def markdown(rows: Sequence[Row], about: Iterable[str], rounds: int) -> str:
    """The file's text."""
    lines = [_line(HEADINGS), _line("---" for _ in HEADINGS), *(_line(_cells(row)) for row in rows)]
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    head = f"# How fast\n\nMeasured on {today} by `make bench`, {rounds} rounds: {', '.join(about)}.\n\n"
    details = "".join(f"\n{row.detail}\n" for row in rows if row.detail)
    missed = "".join(f"\n- {row.title}: {row.why}" for row in rows if row.reached is False and row.why)
    details = (f"\nWhere a figure is not reached:\n{missed}\n" if missed else "") + details
    return head + EXPLAINED.format(rate=RATE) + "\n" + "\n".join(lines) + "\n" + details


def machine(vps: Vps) -> list[str]:
    """What the figures depend on."""
    node, pm2 = vps.run("node --version; pm2 --version | tail -n 1", user="deploy").stdout.split()
    system = vps.run(". /etc/os-release; echo $PRETTY_NAME").stdout.strip()
    python = platform.python_version()
    libraries = ", ".join(f"{name.title()} {metadata.version(name)}" for name in ("fabric", "paramiko"))
    return [
        f"{os.cpu_count()} cores", f"Linux {platform.release().split('-')[0]}", system, f"node {node}", f"pm2 {pm2}",
        f"Python {python}", libraries,
    ]  # fmt: skip


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: Row) -> tuple[str, ...]:
    found = f"{row.found:.2f} ×" if row.found is not None else ""
    wanted = [f"≤ {row.ratio:g} ×"] if row.ratio else []
    wanted += [f"≤ {row.seconds:g} s"] if row.seconds else []
    reached = {True: "yes", False: "no", None: ""}[row.reached]
    return (
        row.title, _seconds(row.ours), row.against, _seconds(row.theirs), found, ", ".join(wanted), reached,
        _lost(row.ours), _lost(row.theirs),
    )  # fmt: skip


def _seconds(series: Series | None) -> str:
    if series is None:
        return ""
    least, most = series.spread
    entered = f", {series.entered:.2f} s from Enter" if series.entered else ""
    return f"{series.median:.2f} s ({least:.2f}–{most:.2f}){entered}"


def _lost(series: Series | None) -> str:
    return f"{series.lost} of {series.requests}" if series and series.requests else ""
