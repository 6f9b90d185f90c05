"""Which processes and ports of a host the status shows, and whose they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from windlass.acts import names
from windlass.config.model import Config
from windlass.config.spelling import MOST_INSTANCES
from windlass.facts.state import State
from windlass.facts.system import Listener, Pm2List, SystemFigures, Unit
from windlass.layout import SLOTS
from windlass.report.rows import Port, Process


def processes(
    config: Config, state: State, pm2: Pm2List, units: Sequence[Unit], figures: SystemFigures | None
) -> tuple[Process, ...]:
    """The app's own of both supervisors, those of the live slot first."""
    found = [*_of_pm2(config, state, pm2, figures), *_of_systemd(state, units, figures)]
    return tuple(sorted(found, key=lambda process: (process.slot != state.slot, process.name)))


def _of_systemd(state: State, units: Sequence[Unit], figures: SystemFigures | None) -> Iterator[Process]:
    measured = figures.processes if figures else {}
    for one in units:
        own = measured.get(one.pid) if one.pid else None
        running = one.status == "running"
        yield Process(
            one.name.removesuffix(".service"),
            "online" if running else one.status,
            one.slot,
            one.pid,
            max(0.0, state.now - one.since) if running and one.since else None,
            one.restarts,
            own.cpu if own else None,
            own.rss if own else None,
        )


def _of_pm2(config: Config, state: State, pm2: Pm2List, figures: SystemFigures | None) -> Iterator[Process]:
    spaces = {config.namespace(slot): slot for slot in SLOTS}
    slots = {name: slot for slot in SLOTS for name in names(config, slot)}
    measured = figures.processes if figures else {}
    for one in pm2.processes:
        slot = spaces.get(one.namespace) or slots.get(one.name)
        if slot is None:
            continue
        own = measured.get(one.pid) if one.pid else None
        yield Process(
            one.name,
            one.status,
            slot,
            one.pid,
            max(0.0, state.now - one.since) if one.status == "online" and one.since else None,
            one.restarts,
            own.cpu if own else None,
            own.rss if own else None,
        )


def asked_ports(config: Config) -> list[int]:
    """Every port that the app may have, whatever the host, or had by another configuration of its numbers."""
    nginx = [config.nginx.listen, *([config.nginx.listen_tls] if config.nginx.tls else [])]
    slots = (range(config.port(slot), config.port(slot) + MOST_INSTANCES) for slot in SLOTS)
    return [*nginx, *sorted({port for ports in slots for port in ports})]


def uses(config: Config, state: State) -> dict[int, str]:
    """What each of the app's ports is for: by the configuration, and by what runs."""
    known = {config.nginx.listen: "nginx"}
    if config.nginx.tls:
        known[config.nginx.listen_tls] = "nginx, TLS"
    for slot in SLOTS:
        manifest = state.manifests.get(slot)
        known |= dict.fromkeys([*config.ports(slot), *(manifest.ports if manifest else ())], slot)
    return known


def ports(config: Config, state: State, figures: SystemFigures | None) -> tuple[Port, ...]:
    """The app's ports, and who listens on each; nobody where the figures are not known."""
    found = []
    for port, use in uses(config, state).items():
        role = f", {_role(state, use, port)}" if use in SLOTS else ""
        listening = [one for one in figures.listeners if one.port == port] if figures else []
        found.append(Port(port, use + role, _listeners(listening)))
    return tuple(found)


def _role(state: State, slot: str, port: int) -> str:
    if not state.live or slot != state.slot:
        return "idle"
    manifest = state.manifests.get(state.slot)
    started = manifest.ports if manifest else ()
    if not started or port in started:
        return "live"
    return f"live on {started[0]}" + (f" to {started[-1]}" if len(started) > 1 else "")


def _listeners(listening: Iterable[Listener]) -> str:
    """Each process once, with all its addresses."""
    addresses: dict[str, list[str]] = {}
    for one in listening:
        # pm2 puts the script's path behind the program's name.
        who = (
            f"{one.program.split(' ')[0]} (pid {one.pid}) of {one.user}"
            if one.pid
            else f"a process of {one.user}"
        )
        addresses.setdefault(who, []).append(one.address)
    return "; ".join(f"{who} on {', '.join(places)}" for who, places in addresses.items())
