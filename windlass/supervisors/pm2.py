"""pm2: the texts that start and save, and those that a person would type to end."""

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
    """Start these processes of a slot's ecosystem file; where that fails, pm2's own words without its table."""
    text = f"{CLEAN} pm2 start {quote(layout.slot_config(slot))} --only {quote(','.join(names))}"
    return Command(
        f"said=$({text} 2>&1) || {{\n"
        "    code=$?\n"
        '    grep -a "ERROR\\|Error" <<<"$said" || printf "%s\\n" "$said"\n'
        '    exit "$code"\n'
        "}"
    )


def delete(names: Iterable[str]) -> Command:
    """Stop the processes, each given its kill_timeout, and forget them; those that are not there do not matter."""
    return all_of(*(_quietly("delete", name) for name in names))


def stop(names: Iterable[str]) -> Command:
    """Stop the processes and remember them as stopped."""
    return all_of(*(_quietly("stop", name) for name in names))


def _quietly(verb: str, name: str) -> Command:
    return Command(f"{cmd('pm2', '-s', verb, name)} >/dev/null 2>&1 || true")
