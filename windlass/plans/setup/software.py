"""Then what the packages carry: node and pm2, the site, what was wished for, and the way over from an old server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from windlass.config.model import Config
from windlass.facts.nginx import NginxRights
from windlass.plan import Plan, Stage, Step
from windlass.plans.setup import adoption, database, firewall, node, outlook, services, site, units
from windlass.plans.setup.seen import Seen
from windlass.plans.setup.serial import serial
from windlass.plans.setup.wishes import Wishes


def plan(config: Config, wishes: Wishes, seen: Seen, host: str, *, folders: Sequence[Path] = ()) -> Plan:
    """Everything that a deploy asks a server for. Raises NotReady, Refused, ConfigError."""
    state, old = seen.state, seen.site.old
    if old:
        adoption.check(config, state, old, host)
    found = node.plan(config, seen.asked, seen.node, host)
    installed = site.plan(config, wishes, seen.site, host, folders=folders)
    notes = [
        adoption.tell(config, state, old) if old else "",
        adoption.lost(old) if old else "",
        seen.asked.note,
        found.note,
        firewall.note(config, seen.firewall) if seen.firewall else "",
        *installed.notes,
    ]
    steps = Plan(
        f"Set up {config.app.name}",
        (
            Stage("node", (*found.steps, *_pm2(config, seen, found))),
            Stage("services", _services(config, seen, found, folders)),
            Stage("database", database.steps(config, seen.database, seen.services) if seen.database else ()),
            Stage("adopt", adoption.steps(config, state, old, seen.checkout)),
            Stage("site", installed.site),
            Stage("tls", installed.tls),
            Stage("clear away", adoption.clear_away(config, state, old, seen.own_node)),
            firewall.stage(config, seen.firewall, host),
        ),
        recovery=installed.recovery,
        notes=tuple(filter(None, notes)),
        outlook=outlook.outlook(config, wishes, seen, host),
    )
    return serial(steps)


def as_if_packaged(seen: Seen) -> Seen:
    """What a dry run goes by: the packages that are missing are taken to be there."""
    if not seen.base.system.missing:
        return seen
    nginx = replace(seen.site.nginx, version=seen.site.nginx.version or "to come")
    return replace(seen, site=replace(seen.site, nginx=nginx, rights=NginxRights("own", valid=True)))


def _services(config: Config, seen: Seen, found: node.Node, folders: Sequence[Path]) -> tuple[Step, ...]:
    home = seen.base.home(config)
    pm2 = node.pm2(config, found, seen.node)[1]
    boot = services.pm2(config, seen.services, home=home, pm2=pm2, node=found.folder, folders=folders)
    return (
        services.nginx(seen.services),
        *((boot,) if config.web.supervisor == "pm2" else ()),
        services.recovery(config, seen.services, node=found.folder, folders=folders),
        *services.rotation(config, seen.services, home=home, folders=folders),
        *(units.steps(config.counted(seen.site.nginx.cpus), seen.state, seen.units) if seen.units else ()),
    )


def _pm2(config: Config, seen: Seen, found: node.Node) -> tuple[Step, ...]:
    """pm2 where it is to run the app; where something else is, what is there stays."""
    return (node.pm2(config, found, seen.node)[0],) if config.web.supervisor == "pm2" else ()
