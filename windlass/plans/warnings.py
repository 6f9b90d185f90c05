"""What does not fit together on a host, in a person's words, each with what to type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from windlass.config.model import Config
from windlass.facts.state import State
from windlass.facts.system import Listener, Pm2List, SystemFigures, Unit
from windlass.facts.visitors import Visitors
from windlass.layout import SLOTS
from windlass.ledger import UNFINISHED, runs
from windlass.manifest import differences
from windlass.plans.history import env_differs, env_now
from windlass.plans.nginx import install_on
from windlass.plans.running import Running, amiss

FULL = 90
"""Percent of a disk used from which it is said."""

SKEW = 60
"""Seconds that the server's clock may differ from the operator's before it is said."""


@dataclass(frozen=True)
class Seen:
    """What `fab status` saw of a host; `drift` is `plans.nginx.difference`, `clock` the operator's time.

    `lacks` is `plans.units.lacks`.
    """

    host: str
    state: State
    pm2: Pm2List
    figures: SystemFigures | None
    visitors: Visitors
    drift: str
    clock: float
    units: Sequence[Unit] = ()
    lacks: Sequence[str] = ()


def warnings(config: Config, seen: Seen) -> list[str]:
    """Everything that a person should look at, the worst first; empty on a host in order."""
    found: list[str] = []
    for source in (_runs, _links, _processes, _units, _configuration, _env, _site, _room, _clock):
        found += source(config, seen)
    return found


def _runs(config: Config, seen: Seen) -> Iterator[str]:
    state = seen.state
    if state.lock.get("held"):
        return
    for run in runs(state.past.unfinished):
        if run.outcome == UNFINISHED:
            at = f"{run.at:%Y-%m-%d %H:%M} UTC" if run.at else "an unknown time"
            yield (
                f"{run.what} by {run.who}, begun at {at}, did not finish; "
                "the next deploy, rollback or restart puts right what it left"
            )
    if state.live and state.live in state.past.bad:
        yield f"{state.live} is live and marked bad: fab history -H {seen.host} says why"


def _links(config: Config, seen: Seen) -> Iterator[str]:
    state = seen.state
    if state.live and not state.release(state.live):
        yield f"{state.live} is live, but releases/{state.live} is not there: fab deploy --force"
    if not state.lock.get("held") and state.current != state.live:
        there = f"names {state.current}" if state.current else "is missing"
        yield f"`current` {there}, and visitors get {state.live or 'nothing'}; the next deploy puts that right"


def _processes(config: Config, seen: Seen) -> Iterator[str]:
    yield from amiss(config, seen.host, seen.state, Running(seen.pm2, seen.units))


def _units(config: Config, seen: Seen) -> Iterator[str]:
    state = seen.state
    if seen.lacks and state.user in (state.owner, ""):  # another one's rights are not those of who deploys
        host = seen.host.rpartition("@")[2]
        yield f"systemd: {'; '.join(seen.lacks)}: fab setup -H root@{host}"


def occupied(config: Config, state: State, listeners: Iterable[Listener]) -> Iterator[str]:
    """The ports that a deploy would need and that somebody else has, while no run is under way."""
    if state.lock.get("held"):
        return
    for slot in SLOTS:
        wanted = () if state.slots.get(slot) else config.ports(slot)
        theirs = {one.port: one for one in listeners if one.port in wanted}
        for port, one in theirs.items():
            who = f"{one.program} (pid {one.pid})" if one.pid else "a process"
            yield f"port {port} is for {slot}, and {who} of {one.user} listens there"


def _configuration(config: Config, seen: Seen) -> Iterator[str]:
    state = seen.state
    if not state.live or state.lock.get("held"):
        return
    changed = differences(config, state.manifests.get(state.slot))
    if changed:
        yield (
            f"the configuration has changed since {state.live} was started ({'; '.join(changed)}): "
            f"fab restart -H {seen.host}, or the next deploy, goes by it"
        )


def _env(config: Config, seen: Seen) -> Iterator[str]:
    if env_differs(seen.state, seen.state.live):
        yield (
            f".env has changed since {seen.state.live} went live "
            f"(now {env_now(seen.state)}): fab restart -H {seen.host}"
        )


def _site(config: Config, seen: Seen) -> Iterator[str]:
    if seen.drift:
        yield f"nginx: {seen.drift}: {install_on(seen.host)}"
    if seen.visitors.log:
        yield f"a deploy would not see what visitors get: {seen.visitors.log}"
    if seen.state.unenterable:
        yield f"{seen.state.unenterable} may not be entered by others: nginx cannot see the app's flags"


def _room(config: Config, seen: Seen) -> Iterator[str]:
    if seen.figures is None:
        yield "the server's figures could not be read"
        return
    yield from occupied(config, seen.state, seen.figures.listeners)
    if seen.figures.hint:
        yield f"CPU and processes are not measured without psutil: {seen.figures.hint}"
    for path, disk in seen.figures.disks.items():
        if disk.used_percent >= FULL:
            yield f"the disk of {path} is {disk.used_percent:.0f} % full"


def _clock(config: Config, seen: Seen) -> Iterator[str]:
    skew = seen.state.now - seen.clock
    if seen.state.now and abs(skew) > SKEW:
        direction = "ahead of" if skew > 0 else "behind"
        yield f"the server's clock is {abs(skew):.0f} s {direction} this machine's"
