"""The account of many rounds, by mishap and command."""

from __future__ import annotations

from collections.abc import Sequence

from tests.vps.torture import verdict
from tests.vps.torture.ordeal import Account

HEAD = ("mishap", "command", "rounds", "missed", "through", "back", "differ", "until free", "off")


def table(accounts: Sequence[Account]) -> str:
    """Lines for people: rounds that held; `missed` had nothing to strike; the longest times in seconds."""
    kinds = sorted({(one.round.mishap, one.round.command) for one in accounts})
    rows = [HEAD, *(_row(kind, accounts) for kind in kinds)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def _row(kind: tuple[str, str], accounts: Sequence[Account]) -> tuple[str, ...]:
    some = [one for one in accounts if (one.round.mishap, one.round.command) == kind]
    counts = [sum(one.how == how for one in some) for how in (verdict.THROUGH, verdict.BACK, verdict.DIFFERS)]
    longest, away = max(one.seconds for one in some), max(one.away for one in some)
    missed = sum(one.missed for one in some)
    return (*kind, *map(str, (len(some), missed, *counts)), f"{longest:.1f}", f"{away:.1f}" if away else "")
