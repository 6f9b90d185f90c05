"""Make the server agree with its flag: what runs after anything that did not reach its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from windlass.commands import pm2, slots
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
    """Start those web processes of a slot that was left running that have ended since."""
    return Command(
        f"{pm2.ensure_daemon()}\n{_running(config)}\n{_each_web(config, slot, _ensure(config, slot, _NAME))}"
    )


def present(config: Config, slot: Slot) -> Command:
    """The same, in no time where it runs, and nothing while the app is stopped."""
    wake = all_of(pm2.ensure_daemon(), Command(_ensure(config, slot, _NAME)))
    awake = f"if ! running {slot} {_NAME}; then\n{_indented(wake.text)}\nfi"
    return Command(
        f"if [ -e {quote(config.layout.stopped)} ]; then exit 0; fi\n"
        f"{_running(config)}\n"
        f"{_each_web(config, slot, awake)}"
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

    A slot that has nothing is not asked for: each question to pm2 costs a start of node.
    """
    stops = [when(_has_something(config, slot), _together(config, slot, pm2.stop)) for slot in SLOTS]
    return all_of(*stops)


def delete_all(config: Config, slot: Slot) -> Command:
    """End and forget all that runs in a slot, whatever it was started from."""
    return _together(config, slot, pm2.delete)


def end(config: Config, slot: Slot) -> Command:
    """End what runs in a slot, if anything does."""
    return when(_has_something(config, slot), delete_all(config, slot))


def remove(config: Config, slot: Slot) -> Command:
    """End what runs in a slot, if anything does, and note that it runs nothing."""
    return when(
        _has_something(config, slot), all_of(delete_all(config, slot), slots.clear(config.layout, slot))
    )


def gone(config: Config) -> Command:
    """See that no process of the app lives and nobody listens on its ports; what does not end is killed.

    What is killed was started by this user in a release of the app, for a slot.
    """
    tries = (int(config.web.kill_timeout) + 10) * 5
    return Command(
        f"{_alive(config)}\n"
        "all() { alive blue; alive green; }\n"
        # pm2 has ended its own; whatever else there is was not told yet.
        'for pid in $(all); do kill -TERM "$pid" || true; done\n'
        f"for _ in $(seq {tries}); do\n"
        '    if [ -z "$(all)" ]; then break; fi\n'
        "    sleep 0.2\n"
        "done\n"
        # More than once: what is killed may have started another just before.
        "for _ in $(seq 25); do\n"
        "    for pid in $(all); do\n"
        '        echo "pid $pid did not end in time and is killed"\n'
        '        kill -KILL "$pid" || true\n'
        "    done\n"
        '    if [ -z "$(all)" ]; then break; fi\n'
        "    sleep 0.2\n"
        "done\n"
        "left=$(all)\n"
        'if [ -n "$left" ]; then echo "still there: $left"; exit 1; fi\n'
        f"ports={_ports(config, SLOTS)}\n"
        'listening=$(ss -Hltn "( $ports )")\n'
        'if [ -n "$listening" ]; then echo "somebody listens on the app\'s ports:"; echo "$listening"; exit 1; fi'
    )


def names(config: Config, slot: Slot) -> list[str]:
    """The pm2 names of a slot's processes, the web process first, where no manifest says them: it had one then."""
    return [config.process_name(slot), *beside(config, slot)]


def beside(config: Config, slot: Slot) -> list[str]:
    """The pm2 names of a slot's processes beside its web processes."""
    return [config.process_name(slot, process) for process in config.processes]


def _together(config: Config, slot: Slot, act: Callable[[Iterable[str]], Command]) -> Command:
    """Act on a slot's processes by their namespace; where they were started before there was one, by their names."""
    manifest = cmd("test", "-e", config.layout.slot_manifest(slot))
    return all_of(
        act([config.namespace(slot)]),
        when(Command(f"! {manifest}"), act(names(config, slot))),
    )


def _has_something(config: Config, slot: Slot) -> Command:
    """Whether a slot has, or may have, processes: by its link, its manifest, or a process that says so itself."""
    layout = config.layout
    known = f"[ -L {quote(layout.slot_release(slot))} ] || [ -e {quote(layout.slot_manifest(slot))} ]"
    return Command(f'{{ {known} || {{ {_alive(config)}; [ -n "$(alive {slot})" ]; }}; }}')


def _alive(config: Config) -> str:
    """Processes of this user that say themselves that they are a slot's, and are at work in a release of the app."""
    releases = quote(config.layout.releases)
    return (
        "alive() {\n"
        '    for file in $(grep -lzsx "WINDLASS_SLOT=$1" /proc/[0-9]*/environ || true); do\n'
        "        pid=${file#/proc/} pid=${pid%/environ}\n"
        '        case $(readlink "/proc/$pid/cwd" || true)/ in\n'
        f'            {releases}/*) echo "$pid" ;;\n'
        "        esac\n"
        "    done\n"
        "}"
    )


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
    look = 'ss -Htn state established "( $ports )"'
    drain = (
        f"ports={_ports(config, [idle])}\n"
        f"for _ in $(seq {max(1, int(config.web.drain * 5))}); do\n"
        f'    if [ -z "$({look} 2>/dev/null)" ]; then break; fi\n'
        "    sleep 0.2\n"
        "done"
    )
    end = f"{drain}\n{delete_all(config, idle)}\n{slots.clear(layout, idle)}"
    text = (
        f"{_end_exclusive(config, idle)}\n"
        f"if [ -e {quote(layout.slot_release(live))} ]; then\n"
        f"    for name in $({_listed(config, live)}); do\n"
        f"{_indented(_indented(_ensure(config, live, _NAME)))}\n"
        "    done\n"
        "fi\n"
        f"if [ ! -e {quote(layout.standby)} ] && {_has_something(config, idle)}; then\n{_indented(end)}\nfi"
    )
    return f"    {live})\n{_indented(_indented(text))}\n        ;;"


_NAME = '"$name"'


def _listed(config: Config, slot: Slot) -> str:
    """The names of a slot's processes by its manifest; else by the configuration."""
    known = " ".join(map(quote, names(config, slot)))
    return f"{_in_manifest(config, slot)} | grep . || echo {known}"


def _each_web(config: Config, slot: Slot, text: str) -> str:
    """For each web process of a slot, by its name in the manifest; else for the one that there was then."""
    named = _in_manifest(config, slot, where='/"type": "web"/')
    return f"for name in $({named} | grep . || echo {config.process_name(slot)}); do\n{_indented(text)}\ndone"


def _ports(config: Config, slots: Iterable[Slot]) -> str:
    """What ss selects by: the ports that the slots' manifests have, and the first ones."""
    manifests = " ".join(quote(config.layout.slot_manifest(slot)) for slot in slots)
    known = " ".join(f"{config.port(slot)}" for slot in slots)
    row = '^{"name": "[^"]*", "type": "web", "port": \\([0-9]*\\).*'
    noted = f"sed -n 's/{row}/\\1/p' {manifests} 2>/dev/null"
    joined = "sort -u | sed 's/^/sport = :/; $!s/$/ or /' | tr -d '\\n'"
    return f"$({{ printf '%s\\n' {known}; {noted} || true; }} | {joined})"


def _end_exclusive(config: Config, idle: Slot) -> str:
    """First of all end what must not run beside its like of the live slot."""
    found = _in_manifest(config, idle, where='/"exclusive": true/')
    return f"for name in $({found}); do\n    {pm2.delete_one(_NAME)}\ndone"


def _in_manifest(config: Config, slot: Slot, where: str = "") -> str:
    """The names in a slot's manifest, which has one a line, of the lines that sed finds by `where`."""
    manifest = quote(config.layout.slot_manifest(slot))
    return f'sed -n \'{where}s/^{{"name": "\\([A-Za-z0-9_-]*\\)".*/\\1/p\' {manifest} 2>/dev/null'


def _ensure(config: Config, live: Slot, name: str) -> str:
    """Deleted first: pm2 starts a stopped process in the folder that it had before. `name` is shell text."""
    start = f"{pm2.delete_one(name)}\n{pm2.start_one(config.layout, live, name)}"
    return f"if ! running {live} {name}; then\n{_indented(start)}\nfi"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))
