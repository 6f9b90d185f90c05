"""The files that Windlass puts on servers, as text: each template with the values it is given."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from windlass.config.model import Config
from windlass.config.sections import Process
from windlass.layout import SLOTS, Slot
from windlass.render import milliseconds, render


@dataclass(frozen=True)
class Start:
    """One start of one slot; `nonce` is told to the processes, so that they can be told from any others."""

    slot: Slot
    release: str
    revision: str
    nonce: str
    node: str = "node"  # the interpreter: a path, or what pm2's PATH has under that name


@dataclass(frozen=True)
class Site:
    """An nginx site; nginx answers with `digest` once it has loaded the text."""

    text: str
    digest: str


def site(config: Config, *, ipv6: bool, folders: Sequence[Path] = ()) -> Site:
    """The nginx site of an app; `ipv6` says whether the server has that at all.

    Raises ConfigError for a broken template or a path that nginx cannot hold.
    """
    digest = hashlib.sha256(_site(config, "", ipv6, folders).encode()).hexdigest()[:16]
    return Site(_site(config, digest, ipv6, folders), digest)


def maintenance_page(config: Config, *, folders: Sequence[Path] = ()) -> str:
    """What visitors see while the app is closed or does not answer."""
    return render("maintenance.html.j2", folders=folders, app=config.app.name)


def ecosystem(config: Config, start: Start, *, folders: Sequence[Path] = ()) -> str:
    """The file that pm2 starts a slot from, with the web process first; it holds no secrets."""
    return render(
        "ecosystem.config.js.j2",
        folders=folders,
        app=config.app.name,
        slot=start.slot,
        namespace=config.namespace(start.slot),
        port=config.port(start.slot),
        release=start.release,
        revision=start.revision,
        start=start.nonce,
        node=start.node,
        layout=config.layout,
        web=_web(config, start.slot),
        instances=_instances(config, start.slot),
        processes=[_process(config, start.slot, name, process) for name, process in config.processes.items()],
    )


def _site(config: Config, digest: str, ipv6: bool, folders: Sequence[Path]) -> str:
    return render(
        "nginx-site.conf.j2",
        folders=folders,
        app=config.app.name,
        digest=digest,
        ports={slot: config.port(slot) for slot in SLOTS},
        servers={slot: config.ports(slot) for slot in SLOTS},
        layout=config.layout,
        assets={slot: _assets(config, slot) for slot in SLOTS},
        site=config.nginx,
        ipv6=ipv6,
    )


def _assets(config: Config, slot: Slot) -> str:
    """Where the hashed assets of a slot's release are, below the app's root as nginx would have it."""
    layout = config.layout
    app = layout.slot_release(slot).relative_to(layout.root) / layout.subfolder
    return f"/{app / config.nginx.assets_from}"


def _web(config: Config, slot: Slot) -> dict[str, Any]:
    return {
        "name": config.process_name(slot),
        **config.web.model_dump(include={"script", "args", "node_args", "env", "max_memory"}),
        "kill_timeout": milliseconds(config.web.kill_timeout),
    }


def _instances(config: Config, slot: Slot) -> list[dict[str, Any]]:
    named = zip(config.web_names(slot), config.ports(slot), strict=True)
    return [{"name": name, "port": port} for name, port in named]


def _process(config: Config, slot: Slot, name: str, process: Process) -> dict[str, Any]:
    return {
        "name": config.process_name(slot, name),
        **process.model_dump(include={"script", "args", "interpreter", "instances", "env", "max_memory"}),
        "kill_timeout": milliseconds(process.kill_timeout),
    }
