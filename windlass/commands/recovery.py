"""Make the server agree with its flag: what runs after anything that did not reach its end."""

from __future__ import annotations

from windlass.commands import pm2
from windlass.config.model import Config
from windlass.layout import SLOTS, Slot, other
from windlass.shell import Command, all_of, cmd, quote, when


def node_on_path(config: Config) -> Command:
    """Put node's folder, as the last deploy found it, first on the PATH."""
    file = quote(config.layout.node_path)
    return Command(f'if [ -r {file} ]; then PATH="$(cat {file}):$PATH"; fi\nexport PATH')


def links(config: Config) -> Command:
    """Have `current` name the release of the slot that the flag names, or be gone where nothing is live."""
    layout = config.layout
    return Command(
        f"live=$({_live_slot(config)})\n"
        f'release=$(readlink {quote(layout.run)}/slot-"$live" || true)\n'
        'if [ -n "$release" ]; then\n'
        f'    ln -sfn "releases/${{release##*/}}" {quote(layout.root / "current.next")}\n'
        f"    mv -T {quote(layout.root / 'current.next')} {quote(layout.current)}\n"
        "else\n"
        f"    rm -f {quote(layout.current)}\n"
        "fi"
    )


def processes(config: Config) -> Command:
    """Have the live slot run, the idle one not, unless it is a standby; nothing while the app is stopped."""
    stopped = quote(config.layout.stopped)
    branches = "\n".join(_branch(config, slot) for slot in SLOTS)
    return Command(
        f"{node_on_path(config)}\n"
        "command -v pm2 >/dev/null || exit 0\n"
        f"{pm2.ensure_daemon()}\n"
        f"{_running(config)}\n"
        f"if [ -e {stopped} ]; then\n"
        f"{_indented(stop_all(config).text)}\n"
        "else\n"
        f"    case $({_live_slot(config)}) in\n"
        f"{branches}\n"
        "    esac\n"
        "fi\n"
        f"{pm2.save()}"
    )


def awake(config: Config, slot: Slot) -> Command:
    """Start the web process of a slot that was left running, if it has ended since."""
    ensure = _ensure(config, slot, config.process_name(slot))
    return Command(f"{pm2.ensure_daemon()}\n{_running(config)}\n{ensure}")


def present(config: Config, slot: Slot) -> Command:
    """The same, in no time where it runs, and nothing while the app is stopped."""
    name = config.process_name(slot)
    wake = all_of(pm2.ensure_daemon(), Command(_ensure(config, slot, name)))
    return Command(
        f"if [ -e {quote(config.layout.stopped)} ]; then exit 0; fi\n"
        f"{_running(config)}\n"
        f"if ! running {slot} {quote(name)}; then\n{_indented(wake.text)}\nfi"
    )


def page(config: Config) -> Command:
    """Take away the page that a deploy or a restore put up, unless it changed the database: then a person must look."""
    layout = config.layout
    return Command(
        f"if grep -Eqs '^(deploy|restore) ' {quote(layout.maintenance)}; then\n"
        f"    if [ -e {quote(layout.migrated)} ]; then\n"
        "        echo 'it stays until a person has looked, since the database has changed'\n"
        "        exit 1\n"
        "    fi\n"
        f"    rm -f {quote(layout.maintenance)}\n"
        "fi"
    )


def stop_all(config: Config) -> Command:
    """Stop what runs in either slot; it is remembered as stopped.

    A slot without a link has no processes, and to ask pm2 for each of them costs a start of node.
    """
    stops = [
        when(cmd("test", "-L", config.layout.slot_release(slot)), pm2.stop(names(config, slot)))
        for slot in SLOTS
    ]
    return all_of(*stops)


def names(config: Config, slot: Slot) -> list[str]:
    """The pm2 names of a slot's processes, the web process first."""
    return [config.process_name(slot), *(config.process_name(slot, process) for process in config.processes)]


def _running(config: Config) -> str:
    """A pid file of an earlier boot may name anybody: the process must be at work in the slot's release."""
    run = quote(config.layout.run)
    return (
        "running() {\n"
        f'    release=$(readlink -f {run}/slot-"$1")\n'
        f'    for file in {run}/"$2".pid {run}/"$2"-[0-9]*.pid; do\n'
        '        case $(readlink "/proc/$(cat "$file" 2>/dev/null)/cwd" || true)/ in\n'
        '            "$release"/*) return 0 ;;\n'
        "        esac\n"
        "    done\n"
        "    return 1\n"
        "}"
    )


def _live_slot(config: Config) -> str:
    return f"if [ -e {quote(config.layout.green)} ]; then echo green; else echo blue; fi"


def _branch(config: Config, live: Slot) -> str:
    idle, layout = other(live), config.layout
    started = "\n".join(_ensure(config, live, name) for name in names(config, live))
    look = f"ss -Htn state established '( sport = :{config.port(idle)} )'"
    drain = (
        f"for _ in $(seq {max(1, int(config.web.drain * 5))}); do\n"
        f'    if [ -z "$({look} 2>/dev/null)" ]; then break; fi\n'
        "    sleep 0.2\n"
        "done"
    )
    link = quote(layout.slot_release(idle))
    end = f"{drain}\n{pm2.delete(names(config, idle))}\nrm -f {link}"
    text = (
        f"if [ -e {quote(layout.slot_release(live))} ]; then\n{_indented(started)}\nfi\n"
        f"if [ -L {link} ] && [ ! -e {quote(layout.standby)} ]; then\n{_indented(end)}\nfi"
    )
    return f"    {live})\n{_indented(_indented(text))}\n        ;;"


def _ensure(config: Config, live: Slot, name: str) -> str:
    """Deleted first: pm2 starts a stopped process in the folder that it had before."""
    start = all_of(pm2.delete([name]), pm2.start(config.layout, live, [name]))
    return f"if ! running {live} {quote(name)}; then\n{_indented(start.text)}\nfi"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))
