"""The app's `.env`: putting one of its kept versions in place."""

from __future__ import annotations

from windlass.layout import Layout
from windlass.shell import Command, all_of, cmd, quote


def put(layout: Layout, version: int | None) -> Command:
    """Make `.env` a kept version of itself, by a rename and to the disk; None is having none."""
    if version is None:
        return cmd("rm", "-f", layout.env_file)
    incoming = layout.env_file.with_name(".env.next")
    return all_of(
        cmd("install", "-m", "600", "-T", layout.env_version(version), incoming),
        cmd("sync", incoming),
        cmd("mv", "-T", incoming, layout.env_file),
        cmd("sync", layout.shared),
    )


def is_put(layout: Layout, version: int) -> Command:
    """Fails unless `.env` is that version, and its owner's alone to read."""
    return all_of(
        cmd("cmp", layout.env_version(version), layout.env_file),
        Command(f'[ "$(stat -c %a {quote(layout.env_file)})" = 600 ]'),
    )
