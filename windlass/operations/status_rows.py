"""From the facts of a host to the row that the status table shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from windlass.commands.recovery import names
from windlass.config.model import Config
from windlass.facts import commits, migrations, nginx, shipped, state, system, visitors
from windlass.facts.commits import Commit
from windlass.facts.state import State
from windlass.facts.system import Listener, Pm2List, SystemFigures
from windlass.facts.visitors import Visitors
from windlass.layout import SLOTS
from windlass.ledger import last_live, moment
from windlass.plans.nginx import difference
from windlass.plans.warnings import Seen, warnings
from windlass.question import Question
from windlass.report.rows import Health, HostStatus, Lock, Port, Process, Space


def questions(config: Config) -> list[Question[Any]]:
    """All that the status asks, in one round trip."""
    layout = config.layout
    asked: list[Question[Any]] = [
        state.question(layout),
        nginx.nginx(config),
        commits.question(layout),
        visitors.question(config),
        system.pm2_list(config.node.path or "", str(layout.node_path)),
        system.figures([layout.root], sorted(_uses(config)), [f"{layout.run}/{config.app.name}-*.pid"]),
    ]
    if applied := migrations.questions(config):
        asked += [*applied, shipped.question(config)]
    return asked


def row(
    config: Config, host: str, found: dict[str, Any], clock: float, folders: Sequence[Path]
) -> HostStatus:
    """One host's row; `clock` is the operator's time in seconds since the epoch."""
    state: State = found["state"]
    figures: SystemFigures | None = found["system"]
    commit: Commit | None = found["commits"].get(state.live_revision)
    drift = difference(config, found["nginx"], folders=folders)
    since = last_live(state.records).get(state.live)
    seen = Seen(host, state, found["pm2"], figures, found["visitors"], drift, clock)
    return HostStatus(
        host,
        config.app.name,
        release=state.live,
        revision=state.live_revision,
        subject=commit.subject if commit else _subject(state),
        commit_age=max(0.0, state.now - commit.committed) if commit else None,
        live_for=max(0.0, state.now - since.timestamp()) if since else None,
        slot=state.slot if state.live else "",
        maintenance=state.maintenance is not None,
        stopped=state.stopped is not None,
        flag_reason=state.stopped or state.maintenance or "",
        health=_health(config, state, found["visitors"]),
        nginx=_nginx(found["nginx"]),
        site=""
        if not found["nginx"].version
        else "differs, see below"
        if drift
        else "as the template gives it",
        processes=_processes(config, state, found["pm2"], figures),
        ports=_ports(config, state, figures),
        **_figures(figures),
        database="applied" in found,
        pending=_pending(found),
        lock=lock_of(state),
        warnings=tuple(warnings(config, seen)),
    )


def lock_of(state: State) -> Lock | None:
    """Who holds the lock, None where it is free."""
    known = state.lock
    if not known.get("held"):
        return None
    since = moment({"time": known.get("since", "")})
    return Lock(
        str(known.get("who") or "somebody"),
        str(known.get("what") or "a run that has not said what it does"),
        max(0.0, state.now - since.timestamp()) if since else None,
        str(known.get("step") or ""),
    )


def _subject(state: State) -> str:
    """The live commit's first line as the ledger has it, where git does not tell."""
    known = [
        record.get("subject") for record in state.records if record.get("revision") == state.live_revision
    ]
    return str(next((subject for subject in reversed(known) if subject), ""))


def _health(config: Config, state: State, visitors: Visitors) -> tuple[Health, ...]:
    found = []
    path = config.health.path
    urls = (
        f"http://127.0.0.1:{config.port(state.slot)}{path}",
        f"{config.nginx.probe_name}{path} through nginx",
    )
    if visitors.direct is not None:
        direct = visitors.direct
        found.append(Health(urls[0], not direct.problem, direct.status, direct.seconds, direct.problem))
    if visitors.nginx is not None:
        nginx = visitors.nginx
        told = nginx.status not in (0, config.health.status)  # by the status itself
        found.append(
            Health(urls[1], not nginx.problem, nginx.status, nginx.seconds, "" if told else nginx.problem)
        )
    if visitors.problem:
        found.append(Health(urls[0], False, error=visitors.problem))
    return tuple(found)


def _nginx(found: Any) -> str:
    if not found.version:
        return "not installed"
    return "active" if found.listening else "not running"


def _processes(
    config: Config, state: State, pm2: Pm2List, figures: SystemFigures | None
) -> tuple[Process, ...]:

    slots = {name: slot for slot in SLOTS for name in names(config, slot)}
    measured = figures.processes if figures else {}
    found = []
    for one in pm2.processes:
        if one.name not in slots:
            continue
        own = measured.get(one.pid) if one.pid else None
        found.append(
            Process(
                one.name,
                one.status,
                slots[one.name],
                one.pid,
                max(0.0, state.now - one.since) if one.status == "online" and one.since else None,
                one.restarts,
                own.cpu if own else None,
                own.rss if own else None,
            )
        )
    return tuple(sorted(found, key=lambda process: (process.slot != state.slot, process.name)))


def _uses(config: Config) -> dict[int, str]:
    uses = {config.nginx.listen: "nginx"}
    if config.nginx.tls:
        uses[config.nginx.listen_tls] = "nginx, TLS"
    return {**uses, config.port("blue"): "blue", config.port("green"): "green"}


def _ports(config: Config, state: State, figures: SystemFigures | None) -> tuple[Port, ...]:
    found = []
    for port, use in _uses(config).items():
        role = (
            f", {'live' if state.live and use == state.slot else 'idle'}" if use in ("blue", "green") else ""
        )
        listening = [one for one in figures.listeners if one.port == port] if figures else []
        found.append(Port(port, use + role, _listeners(listening)))
    return tuple(found)


def _listeners(listening: list[Listener]) -> str:
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


def _figures(figures: SystemFigures | None) -> dict[str, Any]:
    if figures is None:
        return {}
    disks = tuple(Space(path, disk.total, disk.free) for path, disk in figures.disks.items())
    memory = Space("memory", figures.memory.total, figures.memory.free)
    return {"load": figures.load, "cpus": figures.cpus, "cpu": figures.cpu, "memory": memory, "disks": disks}


def _pending(found: dict[str, Any]) -> tuple[str, ...] | None:
    """None where nobody knows; () too where the app has no database."""
    if "applied" not in found:
        return ()
    if found["applied"].problem:
        return None
    pending: tuple[str, ...] = found["applied"].pending(found["shipped"])
    return pending
