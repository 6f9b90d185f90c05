"""A pm2 ecosystem file of the repository: how the app and its workers are started until now."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from windlass.errors import UsageError
from windlass.init import js
from windlass.init.project import Project
from windlass.init.start import Start, start
from windlass.init.tree import Tree

_FILE = re.compile(r"(ecosystem|pm2|process)(\.config)?\.(js|cjs|mjs|json)")
_MEMORY = re.compile(r"[1-9]\d*[KMG]")
_ASKED = {"...", "script", "args", "env", "env_production", "instances", "interpreter", "node_args", "PORT"}
_WORDS = {"...": "something more", "PORT": "its port"}
_OURS = {"NODE_ENV", "PORT", "HOSTNAME", "HOST"}


@dataclass(frozen=True)
class Process:
    """One entry of `apps`; `unsure` names what is there but cannot be told by reading."""

    name: str
    start: Start
    interpreter: str = ""
    instances: int = 1
    clustered: bool = False
    max_memory: str = ""
    kill_timeout: float = 0
    variables: tuple[str, ...] = ()
    port: int = 0
    unsure: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ecosystem:
    """An ecosystem file: `name` is the file's, "" where there is none; `readable` is False where it tells nothing."""

    name: str = ""
    processes: tuple[Process, ...] = ()
    readable: bool = True

    @property
    def web(self) -> Process | None:
        """The process that serves: Next.js, or what has a port, or the only one."""
        serving = [each for each in self.processes if each.start.kind == "next"]
        serving += [each for each in self.processes if each.port]
        only = self.processes if len(self.processes) == 1 else ()
        named = [each for each in self.processes if re.search(r"web|server|app|site|www", each.name)]
        return next(iter([*serving, *only, *named, *self.processes]), None)

    @property
    def workers(self) -> tuple[Process, ...]:
        return tuple(each for each in self.processes if each is not self.web)


def ecosystem(project: Project) -> Ecosystem:
    """The app's ecosystem file, or the repository's."""
    for tree in dict.fromkeys((project.folder, ".")):
        place = project.top.below(tree)
        if found := place.matching(_FILE):
            return _read(place, found[0], project)
    return Ecosystem()


def _read(tree: Tree, file: str, project: Project) -> Ecosystem:
    name = tree.name_of(file)
    listed = _listed(tree, file)
    if listed is None:
        return Ecosystem(name, readable=False)
    tables = [each for each in listed if isinstance(each, dict)]
    here = [_process(each, project) for each in tables if _is_here(each, project)]
    return Ecosystem(name, tuple(here), readable=bool(tables)) if here or not tables else Ecosystem()


def _listed(tree: Tree, file: str) -> list[Any] | None:
    if file.endswith(".json"):
        try:
            found = [tree.json(file)]
        except UsageError:
            return None
    else:
        found = js.objects(tree.text(file))
    for table in found:
        if isinstance(table.get("apps"), list):
            return [*table["apps"]]
    return next(([table] for table in found if "script" in table), None)


def _is_here(table: Mapping[str, Any], project: Project) -> bool:
    """Whether the process is this app's: its folder is not another one of the repository."""
    folder = js.written(table, "cwd", str) or ""
    folder = folder.removeprefix("./").rstrip("/")
    if project.folder == "." or not folder or folder.startswith(("/", "..")):
        return folder in ("", ".") or folder.startswith(("/", ".."))
    return folder in (".", project.folder)


def _process(table: Mapping[str, Any], project: Project) -> Process:
    env = {**_table(table, "env"), **_table(table, "env_production")}
    started = _start(table, project)
    instances = table.get("instances", 1)
    clustered = instances not in (1, "1") or table.get("exec_mode") in ("cluster", "cluster_mode")
    memory = table.get("max_memory_restart")
    port = js.written(env, "PORT", int) or js.written(env, "PORT", str) or 0
    return Process(
        name=js.written(table, "name", str) or "",
        start=started,
        interpreter=js.written(table, "interpreter", str) or js.written(table, "exec_interpreter", str) or "",
        instances=instances if isinstance(instances, int) and 1 <= instances <= 64 else 1,
        clustered=clustered,
        max_memory=memory if isinstance(memory, str) and _MEMORY.fullmatch(memory) else "",
        kill_timeout=(js.written(table, "kill_timeout", int) or 0) / 1000,
        variables=tuple(
            name for name in env if name not in _OURS and re.fullmatch(r"[A-Za-z_]\w*", name, re.A)
        ),
        port=int(port) if str(port).isascii() and str(port).isdecimal() else started.port,
        unsure=tuple(
            _WORDS.get(key, key) for key, value in [*table.items(), *env.items()] if _matters(key, value)
        ),
    )


def _matters(key: str, value: Any) -> bool:
    """Whether a value that only running the file would tell is one that Windlass asks for."""
    return isinstance(value, js.Unknown) and key in _ASKED


def _start(table: Mapping[str, Any], project: Project) -> Start:
    words = [*_words(table, "script"), *_words(table, "args")]
    options = [*_words(table, "node_args"), *_words(table, "interpreter_args")]
    interpreter = js.written(table, "interpreter", str) or "node"
    by_node = interpreter == "node" and bool(words) and not re.fullmatch(r"npm|pnpm|yarn|npx|next", words[0])
    found = start(["node", *options, *words] if by_node else words, project.package.scripts)
    if interpreter not in ("node", "none") and words:
        return Start("other", found.text, script=words[0].removeprefix("./"), args=tuple(words[1:]))
    return found


def _words(table: Mapping[str, Any], key: str) -> list[str]:
    value = table.get(key)
    if isinstance(value, list):
        return [str(each) for each in value if isinstance(each, str | int)]
    try:
        return shlex.split(value) if isinstance(value, str) else []
    except ValueError:
        return []


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = table.get(key)
    return value if isinstance(value, dict) else {}
