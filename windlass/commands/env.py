"""The app's `.env`: putting one of its kept versions in place."""

from __future__ import annotations

from windlass.layout import Layout
from windlass.shell import Command, all_of, cmd, quote, when


def put(layout: Layout, version: int | None, readers: str = "") -> Command:
    """Make `.env` a kept version of itself, by a rename and to the disk; None is having none.

    `readers` is a group that reads it too, where there is one of that name.
    """
    if version is None:
        return cmd("rm", "-f", layout.env_file)
    incoming = layout.env_file.with_name(".env.next")
    place = cmd("install", "-m", "600", "-T", layout.env_version(version), incoming)
    if readers:
        words = ("install", "-m", "640", "-g", readers, "-T", layout.env_version(version), incoming)
        place = when(cmd("getent", "group", readers).quietly(), cmd(*words), place)
    return all_of(
        place,
        cmd("sync", incoming),
        cmd("mv", "-T", incoming, layout.env_file),
        cmd("sync", layout.shared),
    )


def is_put(layout: Layout, version: int, readers: str = "") -> Command:
    """Fails unless `.env` is that version, and its owner's and the readers' alone to read."""
    allowed = f"600 .*|640 {readers}" if readers else "600 .*"
    return all_of(
        cmd("cmp", layout.env_version(version), layout.env_file),
        Command(f"stat -c '%a %G' {quote(layout.env_file)} | grep -qxE {quote(allowed)}"),
    )
