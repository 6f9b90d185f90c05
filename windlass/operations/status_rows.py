"""From the facts of a host to the row that the status table shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from windlass.config.model import Config
from windlass.facts import commits, history, migrations, nginx, shipped, state, system, visitors
from windlass.facts import units as facts
from windlass.facts.commits import Commit
from windlass.facts.nginx import NginxFacts
from windlass.facts.state import State
from windlass.facts.system import SystemFigures
from windlass.facts.visitors import Visitors
from windlass.ledger import moment
from windlass.operations.status_processes import asked_ports, ports, processes
from windlass.plans import units
from windlass.plans.nginx import difference
from windlass.plans.warnings import Seen, warnings
from windlass.question import Question
from windlass.report.rows import Health, HostStatus, Lock, Space

LAST_RUNS = 20
"""How far back a status looks for what the last deploy or rollback of a host came to."""


def questions(config: Config) -> list[Question[Any]]:
    """All that the status asks, in one round trip."""
    layout = config.layout
    asked: list[Question[Any]] = [
        state.question(layout),
        history.question(layout, LAST_RUNS),
        nginx.nginx(config),
        commits.question(layout),
        visitors.question(config),
        system.pm2_list(config.node.path or "", str(layout.node_path)),
        system.unit_list(config.app.name),
        system.figures(
            [layout.root],
            asked_ports(config),
            [f"{layout.run}/{config.app.name}-*.pid"],
            f"windlass-{config.app.name}.*@*",
        ),
    ]
    if config.web.supervisor == "systemd":
        asked.append(facts.question(config))
    if applied := migrations.questions(config):
        asked += [*applied, shipped.question(config)]
    return asked


def row(
    config: Config, host: str, found: dict[str, Any], clock: float, folders: Sequence[Path]
) -> HostStatus:
    """One host's row; `clock` is the operator's time in seconds since the epoch."""
    state: State = found["state"]
    config = config.counted(found["nginx"].cpus)
    figures: SystemFigures | None = found["system"]
    drift = difference(config, found["nginx"], folders=folders)
    lacks = units.lacks(config, found["units"]) if "units" in found else []
    seen = Seen(
        host, state, found["pm2"], figures, found["visitors"], drift, clock, found["unit_list"], lacks
    )
    return HostStatus(
        host,
        config.app.name,
        **_live(state, found["commits"]),
        maintenance=state.maintenance is not None,
        stopped=state.stopped is not None,
        flag_reason=state.stopped or state.maintenance or "",
        health=_health(config, state, found["visitors"]),
        nginx=_nginx(found["nginx"]),
        site=_site(found["nginx"], drift),
        processes=processes(config, state, found["pm2"], found["unit_list"], figures),
        ports=ports(config, state, figures),
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


def _live(state: State, commits: Mapping[str, Commit]) -> dict[str, Any]:
    """What is live, of which commit, and for how many seconds."""
    commit = commits.get(state.live_revision)
    since = state.past.went_live.get(state.live)
    return {
        "release": state.live,
        "revision": state.live_revision,
        "subject": commit.subject if commit else state.past.subjects.get(state.live, ""),
        "commit_age": max(0.0, state.now - commit.committed) if commit else None,
        "live_for": max(0.0, state.now - since.timestamp()) if since else None,
        "slot": state.slot if state.live else "",
    }


def _health(config: Config, state: State, visitors: Visitors) -> tuple[Health, ...]:
    found = []
    path = config.health.path
    through = f"{config.nginx.probe_name}{path} through nginx"
    for direct in visitors.direct:
        url = f"http://127.0.0.1:{direct.port}{path}"
        found.append(Health(url, not direct.problem, direct.status, direct.seconds, direct.problem))
    if visitors.nginx is not None:
        nginx = visitors.nginx
        told = nginx.status not in (0, config.health.status)  # by the status itself
        found.append(
            Health(through, not nginx.problem, nginx.status, nginx.seconds, "" if told else nginx.problem)
        )
    if visitors.problem:
        url = f"http://127.0.0.1:{config.port(state.slot)}{path}"
        found.append(Health(url, False, error=visitors.problem))
    return tuple(found)


def _nginx(found: NginxFacts) -> str:
    if not found.version:
        return "not installed"
    return "active" if found.listening else "not running"


def _site(found: NginxFacts, drift: str) -> str:
    if not found.version:
        return ""
    return "differs, see below" if drift else "as the template gives it"


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
