"""What a slot was started with: a document that the server keeps, so that nobody has to work it out anew.

It is written when a slot is started, and kept with the release once visitors have got that. It holds no secrets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from windlass.config.model import Config
from windlass.config.sections import Process, Web
from windlass.config.spelling import check_name
from windlass.errors import Refused
from windlass.layout import Slot

WEB = "web"
_ABOUT = ("slot", "release", "revision", "stack", "supervisor", "node")
_STARTED = ("script", "args", "node_args", "interpreter", "instances", "env", "exclusive")
"""The keys that say what runs: a release is started again with those that it was good with."""
_KEPT = (*_STARTED, "kill_timeout", "max_memory")


@dataclass(frozen=True)
class Manifest:
    """The processes of a slot by type, "web" first; each with the settings of its table in the configuration.

    `names` are the supervisor's, in the same order. `port` is the web process's, None where nobody noted it.
    """

    slot: str
    release: str
    revision: str
    stack: str
    supervisor: str
    node: str
    processes: Mapping[str, Mapping[str, Any]]
    names: tuple[str, ...]
    port: int | None = None

    @property
    def by_type(self) -> dict[str, tuple[str, Mapping[str, Any]]]:
        """Each process's name and settings, by its type."""
        named = zip(self.names, self.processes.items(), strict=True)
        return {kind: (name, settings) for name, (kind, settings) in named}


def manifest_of(config: Config, slot: Slot, release: str, revision: str, node: str) -> Manifest:
    """What a slot is started with by this configuration."""
    types = [WEB, *config.processes]
    names = [config.process_name(slot, "" if kind == WEB else kind) for kind in types]
    return Manifest(
        slot,
        release,
        revision,
        "node",
        config.web.supervisor,
        node,
        _settings(config),
        tuple(names),
        config.port(slot),
    )


def as_text(manifest: Manifest) -> str:
    """As the server keeps it: a line for each process, which a shell can read too."""
    about = [*_ABOUT, *(("port",) if manifest.port is not None else ())]
    head = "".join(f"{json.dumps(key)}: {json.dumps(getattr(manifest, key))},\n" for key in about)
    lines = [
        json.dumps({"name": name, "type": kind, **settings})
        for name, (kind, settings) in zip(manifest.names, manifest.processes.items(), strict=True)
    ]
    return "{\n" + head + '"processes": [\n' + ",\n".join(lines) + "\n]}\n"


def read_manifest(known: Any) -> Manifest | None:
    """What the server kept, decoded from its JSON; None where there is none, or it is none of ours."""
    try:
        processes = {
            str(one["type"]): {key: one[key] for key in _KEPT if key in one} for one in known["processes"]
        }
        names = tuple(str(one["name"]) for one in known["processes"])
        about = {key: str(known[key]) for key in _ABOUT}
        port = known.get("port")
        port = port if type(port) is int and 0 < port < 65536 else None
        whole = len(names) == len(processes)
        return Manifest(**about, processes=processes, names=names, port=port) if whole else None
    except (AttributeError, KeyError, TypeError):
        return None


def as_started(config: Config, manifest: Manifest | None) -> Config:
    """The configuration with the processes, scripts and arguments of the manifest, and limits of its own.

    The configuration itself where there is no manifest. Raises Refused for one that Windlass cannot have written: a
    server is not to be trusted.
    """
    if manifest is None:
        return config
    try:
        return config.model_copy(update=_tables(config, manifest))
    except ValueError:
        file = config.layout.release_manifest(manifest.release)
        raise Refused(
            f"what {manifest.release} was started with is not as Windlass wrote it; nothing was changed",
            hint=f"on the server: rm {file}; it is then started by the configuration",
        ) from None


def _tables(config: Config, manifest: Manifest) -> dict[str, Any]:
    web = config.web.model_dump()
    found: dict[str, Process] = {}
    for kind, settings in manifest.processes.items():
        if kind != WEB:
            ours = config.processes.get(kind)
            found[check_name(kind)] = Process.model_validate({**settings, **_limits(ours)})
    return {
        "web": Web.model_validate({**web, **_started(manifest.processes.get(WEB, {}), web)}),
        "processes": found,
    }


def differences(config: Config, manifest: Manifest | None) -> list[str]:
    """The keys in which the configuration differs from what was started, as the file has them."""
    if manifest is None:
        return []
    moved = [] if manifest.supervisor == config.web.supervisor else ["[web] supervisor"]
    return [*moved, *_differences(_settings(config), manifest.processes)]


def _differences(
    wanted: Mapping[str, Mapping[str, Any]], started: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    for kind in dict.fromkeys([*wanted, *started]):
        table = WEB if kind == WEB else f"processes.{kind}"
        if kind not in started:
            yield f"[{table}] is new"
        elif kind not in wanted:
            yield f"[{table}] is gone"
        else:
            ours, theirs = wanted[kind], started[kind]
            changed = [key for key in ours if key in theirs and ours[key] != theirs[key]]
            if changed:
                yield f"[{table}] {', '.join(changed)}"


def _settings(config: Config) -> dict[str, dict[str, Any]]:
    sections = {WEB: config.web, **config.processes}
    return {
        kind: {key: value for key, value in section.model_dump().items() if key in _KEPT}
        for kind, section in sections.items()
    }


def _started(settings: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key in _STARTED and key in table}


def _limits(table: Process | None) -> dict[str, Any]:
    return {"kill_timeout": table.kill_timeout, "max_memory": table.max_memory} if table else {}
