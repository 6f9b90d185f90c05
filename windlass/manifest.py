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

    `names` are the supervisor's, in the same order: first one for each web process, whose `ports` are in that order
    too. No ports where an earlier Windlass did not note them.
    """

    slot: str
    release: str
    revision: str
    stack: str
    supervisor: str
    node: str
    processes: Mapping[str, Mapping[str, Any]]
    names: tuple[str, ...]
    ports: tuple[int, ...] = ()

    @property
    def instances(self) -> int:
        """How many web processes there are."""
        return len(self.names) - len(self.processes) + 1

    @property
    def port(self) -> int | None:
        """The first web process's, None where nobody noted it."""
        return self.ports[0] if self.ports else None

    @property
    def web_names(self) -> tuple[str, ...]:
        return self.names[: self.instances]

    @property
    def beside(self) -> tuple[str, ...]:
        """The names of the processes beside the web processes."""
        return self.names[self.instances :]

    @property
    def by_type(self) -> dict[str, tuple[str, Mapping[str, Any]]]:
        """Each process's name and settings, by its type; of the web processes the first."""
        named = zip((self.names[0], *self.beside), self.processes.items(), strict=True)
        return {kind: (name, settings) for name, (kind, settings) in named}


def manifest_of(config: Config, slot: Slot, release: str, revision: str, node: str) -> Manifest:
    """What a slot is started with by this configuration."""
    names = (*config.web_names(slot), *(config.process_name(slot, kind) for kind in config.processes))
    ports, supervisor = tuple(config.ports(slot)), config.web.supervisor
    return Manifest(slot, release, revision, "node", supervisor, node, _settings(config), names, ports)


def as_text(manifest: Manifest) -> str:
    """As the server keeps it: a line for each process, which a shell can read too.

    The settings of the web processes are in the line of the first, and their number is that of their lines.
    """
    head = "".join(f"{json.dumps(key)}: {json.dumps(getattr(manifest, key))},\n" for key in _ABOUT)
    return "{\n" + head + '"processes": [\n' + ",\n".join(map(json.dumps, _rows(manifest))) + "\n]}\n"


def _rows(manifest: Manifest) -> Iterator[dict[str, Any]]:
    kinds = [WEB] * manifest.instances + list(manifest.processes)[1:]
    for number, (name, kind) in enumerate(zip(manifest.names, kinds, strict=True)):
        port = {"port": manifest.ports[number]} if number < len(manifest.ports) else {}
        settings = dict(manifest.processes[kind]) if number == 0 or kind != WEB else {}
        if kind == WEB:
            settings.pop("instances", None)
        yield {"name": name, "type": kind, **port, **settings}


def read_manifest(known: Any) -> Manifest | None:
    """What the server kept, decoded from its JSON; None where there is none, or it is none of ours."""
    try:
        rows = known["processes"]
        kinds = [str(one["type"]) for one in rows]
        web = kinds.count(WEB)
        processes: dict[str, dict[str, Any]] = {}
        for kind, one in zip(kinds, rows, strict=True):
            processes.setdefault(kind, {key: one[key] for key in _KEPT if key in one})
        processes[WEB]["instances"] = web  # which an earlier Windlass did not note: it was one
        about = {key: str(known[key]) for key in _ABOUT}
        ports = tuple(one.get("port") for one in rows[:web])
        names = tuple(str(one["name"]) for one in rows)
    except (AttributeError, KeyError, TypeError):
        return None
    if not all(type(port) is int and 0 < port < 65536 for port in ports):
        ports = ()
    in_order = [WEB] * web + list(processes)[1:] == kinds
    return Manifest(**about, processes=processes, names=names, ports=ports) if in_order else None


def as_started(config: Config, manifest: Manifest | None) -> Config:
    """The configuration with the processes, scripts and arguments of the manifest; limits, ports and the number of
    web processes are its own.

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


def as_it_was(config: Config, manifest: Manifest | None) -> list[str]:
    """Those of the differences in which `as_started` follows the manifest."""
    if manifest is None:
        return []
    return list(_differences(_settings(config), _settings(as_started(config, manifest))))


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
    return {key: settings[key] for key in table if key in settings and key in _STARTED and key != "instances"}


def _limits(table: Process | None) -> dict[str, Any]:
    return {"kill_timeout": table.kill_timeout, "max_memory": table.max_memory} if table else {}
