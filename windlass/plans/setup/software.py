"""Then what the packages carry: node and pm2, the site, and what was wished for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from windlass.config import Config
from windlass.facts.nginx import NginxFacts, NginxRights
from windlass.facts.services import Services
from windlass.facts.state import State
from windlass.plan import Plan, Stage
from windlass.plans import nginx as site
from windlass.plans.setup import node, services
from windlass.plans.setup.base import Base
from windlass.plans.setup.node import Asked, Found
from windlass.plans.setup.wishes import Wishes


@dataclass(frozen=True)
class Seen:
    """What the second look at a host saw, once the packages were there."""

    base: Base
    state: State
    node: Found
    asked: Asked
    services: Services
    nginx: NginxFacts
    rights: NginxRights


def plan(config: Config, wishes: Wishes, seen: Seen, host: str, *, folders: Sequence[Path] = ()) -> Plan:
    """Everything that a deploy asks a server for. Raises NotReady, Refused, ConfigError."""
    home = seen.base.account.home or f"/home/{config.setup.user}"
    found = node.plan(config, seen.asked, seen.node, host)
    install_pm2, pm2 = node.pm2(config, found, seen.node.tools)
    boot = services.pm2(config, seen.services, home=home, pm2=pm2, node=found.folder, folders=folders)
    rotation = services.rotation(config, seen.services, home=home, folders=folders)
    installed = site.install(config, seen.nginx, seen.rights, folders=folders)
    return Plan(
        f"Set up {config.app.name}",
        (
            Stage("node", (*found.steps, install_pm2)),
            Stage("services", (services.nginx(seen.services), boot, rotation)),
            Stage("site", installed.stages[0].steps),
        ),
        recovery=installed.recovery,
        notes=tuple(filter(None, [seen.asked.note, found.note, *installed.notes])),
    )
