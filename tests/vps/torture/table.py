"""The account of many rounds, by mishap and command."""

from __future__ import annotations

from collections.abc import Sequence

from tests.vps.torture import verdict
from tests.vps.torture.ordeal import Account
from tests.vps.torture.torture import Broken

HEAD = (
    "mishap", "command", "rounds", "failed", "missed", "through", "back", "differ", "lost", "until free", "off",
)  # fmt: skip


def table(accounts: Sequence[Account], failures: Sequence[Broken]) -> str:
    """Lines for people: `missed` had nothing to strike, `lost` are requests, the times are the longest in seconds."""
    rounds = [*(one.round for one in accounts), *(one.round for one in failures)]
    kinds = sorted({(one.mishap, one.command) for one in rounds})
    rows = [HEAD, *(_row(kind, accounts, failures) for kind in kinds)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def _row(kind: tuple[str, str], accounts: Sequence[Account], failures: Sequence[Broken]) -> tuple[str, ...]:
    held = [one for one in accounts if (one.round.mishap, one.round.command) == kind]
    broken = [one for one in failures if (one.round.mishap, one.round.command) == kind]
    counts = [sum(one.how == how for one in held) for how in (verdict.THROUGH, verdict.BACK, verdict.DIFFERS)]
    missed, lost = sum(one.missed for one in held), sum(one.lost for one in broken)
    longest = max((one.seconds for one in held), default=0.0)
    away = max((one.away for one in held), default=0.0)
    numbers = (len(held) + len(broken), len(broken), missed, *counts, lost)
    return (*kind, *map(str, numbers), f"{longest:.1f}", f"{away:.1f}" if away else "")
