"""What runs on a host and should not, and what should and does not, whoever keeps it running."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from windlass.acts import names
from windlass.config.model import Config
from windlass.facts.state import State
from windlass.facts.system import Pm2List, Pm2Process, Unit
from windlass.layout import SLOTS, Slot
from windlass.manifest import Manifest

RESTARTS, UP = 2, 60
"""How often what has been up for less than so many seconds was restarted, from which it is said: it keeps ending,
also where it happens to run in the moment of the look."""


@dataclass(frozen=True)
class Running:
    """What both supervisors have on a host."""

    pm2: Pm2List
    units: Sequence[Unit] = ()


def amiss(config: Config, host: str, state: State, found: Running) -> Iterator[str]:
    """What a person should look at, each with what to type."""
    if state.owner and state.user != state.owner:
        yield f"you are {state.user}, the app is {state.owner}'s: pm2, .env and the database were not seen"
        return
    live = state.manifests.get(state.slot)
    by_systemd = live is not None and live.supervisor == "systemd"
    stopped = state.stopped is not None or not state.live
    if by_systemd and live and not stopped:
        yield from _of_systemd(config, host, state, live, found.units)
    elif not by_systemd:
        yield from _of_pm2(config, host, state, found.pm2)
    if not (stopped or (not by_systemd and (found.pm2.error or not found.pm2.daemon))):
        yield from _beyond(config, state, found, live)


def _of_systemd(
    config: Config, host: str, state: State, live: Manifest, there: Sequence[Unit]
) -> Iterator[str]:
    running = {unit.name: unit for unit in there}
    for name in expected_units(config, live):
        unit = running.get(name)
        if unit is None or unit.status != "running":
            status = unit.status if unit else "not running"
            yield f"{name.removesuffix('.service')} is {status}: fab logs, then fab restart"
        elif told := _keeps_ending(host, state, "systemd", unit):
            yield told


def _of_pm2(config: Config, host: str, state: State, pm2: Pm2List) -> Iterator[str]:
    if pm2.error:
        yield f"pm2: {pm2.error}"
    elif not pm2.daemon and state.live:
        yield f"pm2's daemon is not running: fab restart -H {host} brings it back, with all it had saved"
    if pm2.error or not pm2.daemon or state.stopped is not None or not state.live:
        return
    wanted = str(config.layout.release_app(state.live))
    running = {process.name: process for process in pm2.processes}
    for name in expected(config, state, state.slot):
        process = running.get(name)
        if process is None or process.status != "online":
            yield f"{name} is {process.status if process else 'missing'} under pm2: fab logs, then fab restart"
        elif process.cwd != wanted:
            yield f"{name} runs in {process.cwd}, not in the live release: fab restart -H {host}"
        elif told := _keeps_ending(host, state, "pm2", process):
            yield told


def _keeps_ending(host: str, state: State, supervisor: str, one: Unit | Pm2Process) -> str:
    """What is to be said of a process that was restarted again and again, "" for no other."""
    up = state.now - one.since
    if one.restarts < RESTARTS or not 0 <= up < UP:
        return ""
    name = one.name.removesuffix(".service")
    return (
        f"{name} keeps ending: {supervisor} has restarted it {one.restarts} times, the last time {up:.0f} s ago; "
        f"fab logs -H {host} says why"
    )


def _beyond(config: Config, state: State, found: Running, live: Manifest | None) -> Iterator[str]:
    if state.lock.get("held") or state.standby is not None:
        return
    by_systemd = live is not None and live.supervisor == "systemd"
    wanted = set(expected_units(config, live) if by_systemd and live else expected(config, state, state.slot))
    online = [one.name for one in found.pm2.processes if _is_own(config, one) and one.status == "online"]
    left = [
        name.removesuffix(".service")
        for name in (*online, *(unit.name for unit in found.units))
        if name not in wanted
    ]
    if left:
        yield f"{', '.join(left)} runs and should not: the next deploy ends it, so does fab restart"


def _is_own(config: Config, one: Pm2Process) -> bool:
    return one.namespace in {config.app.name, *(config.namespace(slot) for slot in SLOTS)}


def expected(config: Config, state: State, slot: Slot) -> list[str]:
    """The pm2 names of what a slot was started with; by the configuration where nobody noted it."""
    manifest = state.manifests.get(slot)
    return list(manifest.names) if manifest else names(config, slot)


def expected_units(config: Config, started: Manifest) -> list[str]:
    """The units of what a slot was started with."""
    return [
        f"windlass-{config.app.name}.{kind}@{started.slot}.{number}.service"
        for kind, settings in started.processes.items()
        for number in range(1, int(settings.get("instances") or 1) + 1)
    ]
