"""pm2: see `Supervisor` for what each function gives."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from windlass.config.model import Config
from windlass.layout import SLOTS, Slot
from windlass.shell import Command, all_of, cmd, quote

SAVES = True
LINGERS = 4.0
"""An ES module that throws ends three seconds later, by a SIGINT of pm2's error handler (docs/traps.md)."""

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


def prepare(config: Config, slot: Slot, release: str, node: str) -> Command:
    """Have the daemon run; what was a place of another user's under systemd is the release's own again."""
    own = []
    for path in config.build.cache:
        link = quote(config.layout.release_app(release) / path)
        own.append(Command(f"if [ -L {link} ]; then rm {link}; fi"))
    return all_of(ensure_daemon(), *own)


def start(config: Config, slot: Slot, names: Iterable[str]) -> Command:
    """Start these processes of a slot's ecosystem file; where that fails, pm2's own words without its table."""
    text = f"{CLEAN} pm2 start {quote(config.layout.slot_config(slot))} --only {quote(','.join(names))}"
    return Command(
        f"said=$({text} 2>&1) || {{\n"
        "    code=$?\n"
        '    grep -a "ERROR\\|Error" <<<"$said" || printf "%s\\n" "$said"\n'
        '    exit "$code"\n'
        "}"
    )


def end(config: Config, slot: Slot, names: Iterable[str]) -> Command:
    """Each is given its kill_timeout, and forgotten; those that are not there do not matter."""
    return all_of(*(_quietly("delete", name) for name in names))


def end_all(config: Config, slot: Slot) -> Command:
    return end(config, slot, [config.namespace(slot)])


def stop(config: Config) -> Command:
    """They are remembered as stopped."""
    return all_of(*(_quietly("stop", config.namespace(slot)) for slot in SLOTS))


def listed(config: Config) -> Command:
    return cmd("pm2", "list")


def look(config: Config, slot: Slot, name: str) -> Command:
    return cmd("pm2", "describe", name)


def mark_start(config: Config, slot: Slot, release: str) -> Command:
    """Earlier releases wrote into the same files."""
    logs = " ".join(quote(log) for name in _names(config, slot) for log in _logs(config, name))
    return Command(f"{cmd('echo', _mark(slot, release))} | tee -a {logs} >/dev/null || true")


def last_lines(config: Config, slot: Slot, release: str) -> Command:
    since = cmd("sed", "-n", f"/^{_mark(slot, release)}$/,$p")
    web, *others = _names(config, slot)
    logs = [*_logs(config, web), *(_logs(config, name)[1] for name in others)]
    return all_of(*(Command(f"{since} {quote(log)} | tail -n 20") for log in logs))


def place(config: Config, slot: Slot, name: str) -> str:
    return f"the app's own lines are in {config.layout.logs}/app/{name}.err.log on the server"


def _mark(slot: Slot, release: str) -> str:
    return f"--- {release} starts on {slot}"


def _names(config: Config, slot: Slot) -> list[str]:
    """Of each type of process the name that its logs have, the web process first."""
    return [config.process_name(slot), *(config.process_name(slot, kind) for kind in config.processes)]


def _logs(config: Config, name: str) -> list[PurePosixPath]:
    """What it says, and what it complains of."""
    folder = config.layout.logs / "app"
    return [folder / f"{name}.out.log", folder / f"{name}.err.log"]


def _quietly(verb: str, name: str) -> Command:
    return Command(f"{cmd('pm2', '-s', verb, name)} >/dev/null 2>&1 || true")
