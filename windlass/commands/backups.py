"""The files of backups: removed by name, and what a run that was cut off left."""

from __future__ import annotations

from collections.abc import Iterable

from windlass.layout import Layout
from windlass.shell import Command, all_of, cmd, quote


def remove(layout: Layout, names: Iterable[str]) -> Command:
    """Take backups away; the dump goes first, so that none is there without what is known of it."""
    return all_of(
        *(cmd("rm", "-f", layout.backup(name), layout.backup(name).with_suffix(".json")) for name in names)
    )


def sweep(layout: Layout) -> Command:
    """Remove what a backup that did not come to its end left."""
    return Command(f"rm -f {quote(layout.backups)}/*.partial")
