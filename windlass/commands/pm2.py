"""pm2: start, stop and save without hurting what else it runs."""

from __future__ import annotations

from collections.abc import Iterable

from windlass.layout import Layout, Slot
from windlass.shell import Command, all_of, cmd, quote

CLEAN = 'env -i HOME="$HOME" USER="${USER:-}" PATH="$PATH" LANG="${LANG:-C.UTF-8}" PM2_HOME="${PM2_HOME:-$HOME/.pm2}"'
"""pm2 keeps the whole environment that it was called with, in its dump and in the app's own."""


def ensure_daemon() -> Command:
    """Bring back what the last save holds if the daemon is down: a save from an empty one would lose it."""
    return Command(
        # Not by its pid file, which systemd removes when the unit fails while another daemon runs.
        'if ! grep -qs "^PM2 v.*God Daemon (${PM2_HOME:-$HOME/.pm2})" /proc/[0-9]*/cmdline; then\n'
        f"    {CLEAN} pm2 -s resurrect || true\n"
        "fi"
    )


def start(layout: Layout, slot: Slot, names: Iterable[str]) -> Command:
    """Start these processes of a slot's ecosystem file."""
    return Command(start_one(layout, slot, quote(",".join(names))))


def start_one(layout: Layout, slot: Slot, name: str) -> str:
    """As `start`, for one name that is shell text."""
    return f"{CLEAN} pm2 -s start {quote(layout.slot_config(slot))} --only {name}"


def delete(names: Iterable[str]) -> Command:
    """Stop the processes, each given its kill_timeout, and forget them; those that are not there do not matter."""
    return all_of(*(Command(delete_one(quote(name))) for name in names))


def delete_one(name: str) -> str:
    """As `delete`, for one name that is shell text."""
    return f"pm2 -s delete {name} >/dev/null 2>&1 || true"


def stop(names: Iterable[str]) -> Command:
    """Stop the processes and remember them as stopped."""
    return all_of(*(Command(f"{cmd('pm2', '-s', 'stop', name)} >/dev/null 2>&1 || true") for name in names))


def save() -> Command:
    """Have the present list come back after a reboot; the dump holds environments, so only its owner reads it.

    Where the disk is full, pm2 would empty the list that is saved, and its copy: so it is not asked to.
    """
    return Command(
        'dump="${PM2_HOME:-$HOME/.pm2}"/dump.pm2\n'
        'if head -c 1000000 /dev/zero >"$dump.room" 2>/dev/null && rm "$dump.room"; then\n'
        "    pm2 -s save --force\n"
        '    chmod 600 "$dump"*\n'
        "else\n"
        '    rm -f "$dump.room"\n'
        '    echo "no room to save the process list: $dump stays as it was" >&2\n'
        "    false\n"
        "fi"
    )
