"""[web] and [processes]: what is started."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from windlass.init.ecosystem import Ecosystem, Process, ecosystem
from windlass.init.names import as_name
from windlass.init.project import Project
from windlass.init.setting import Entry, Remark, Setting, shown
from windlass.init.start import Start, start_of_text


@dataclass(frozen=True)
class Started:
    """How the app is started: by which words of which file; `old` is its entry in an ecosystem file."""

    start: Start
    source: str
    ecosystem: Ecosystem
    old: Process | None = None


def started(project: Project) -> Started:
    """As the ecosystem file has it, else the start script, else `main`."""
    found = ecosystem(project)
    file = project.tree.name_of("package.json")
    if found.web and found.web.start.kind != "other":
        return Started(found.web.start, found.name, found, found.web)
    for script in ("start:prod", "start:production", "start"):
        if command := project.package.scripts.get(script, "").strip():
            return Started(
                start_of_text(command, project.package.scripts), f"{script} in {file}", found, found.web
            )
    if project.is_next:
        return Started(Start("next", "next start"), file, found, found.web)
    script = project.package.main or project.tree.first(["server.js"])
    kind = start_of_text(f"node {script}", {}) if script else Start("other", "")
    return Started(kind, f"main in {file}" if project.package.main else "the repository", found, found.web)


def web(project: Project, how: Started, port: int, where: str) -> Iterator[Entry]:
    """The ports (`port` is blue's, as `where` says, 0 for the default), the script, its limits."""
    yield _ports(port, where)
    yield from _script(project, how)
    old = how.old
    if how.ecosystem.name and not how.ecosystem.readable:
        yield Remark(
            ("web",), f"{how.ecosystem.name} could not be read for certain: compare it with this table."
        )
    if old is None:
        yield shown("web", "max_memory", "512M", "pm2 restarts the app when it holds more memory than this.")
        return
    if old.unsure:
        yield Remark(("web",), _computed(old, how.ecosystem.name))
    if old.clustered:
        number = old.instances if old.instances > 1 else '"cpus"'
        note = (
            f"{how.ecosystem.name} runs it several times (a cluster). So does instances = {number}, with ports that "
            "leave room for as many in a row, as [3000, 3100] do."
        )
        yield Remark(("web",), note)
    if old.max_memory:
        yield Setting(("web", "max_memory"), old.max_memory, f"max_memory_restart in {how.ecosystem.name}.")
    if old.kill_timeout:
        note = f"kill_timeout in {how.ecosystem.name}, in seconds."
        yield Setting(("web", "kill_timeout"), old.kill_timeout, note)


def processes(how: Started) -> Iterator[Entry]:
    """The other entries of the ecosystem file, a table each."""
    names: set[str] = set()
    for worker in how.ecosystem.workers:
        name = _free_name(worker.name, names)
        names.add(name)
        yield from _process(("processes", name), worker, how.ecosystem.name)
    if not names:
        example = ("processes", "worker", "script")
        note = "Further processes (a queue worker, a scheduler), started after the cutover. Such as:"
        yield Setting(example, "worker.js", note, active=False)


def _free_name(wanted: str, taken: set[str]) -> str:
    name = as_name(wanted) or "worker"
    if name in ("blue", "green"):  # what slots are called
        name = f"{name}-worker"
    numbered = (f"{name[:36]}-{number}" for number in range(2, 1000))
    return name if name not in taken else next(each for each in numbered if each not in taken)


def _computed(process: Process, file: str) -> str:
    return (
        f"{file} computes {', '.join(process.unsure)} of {process.name or 'it'}, which reading does not tell."
    )


def _ports(port: int, where: str) -> Setting:
    if not port:
        return shown(
            "web",
            "ports",
            [3000, 3001],
            "Blue's and green's, on 127.0.0.1; each slot is told its own in PORT.",
        )
    green = port + 1 if port < 65535 else port - 1
    return Setting(
        ("web", "ports"), [port, green], f"{where} has {port}; the other slot takes the one beside it."
    )


def _script(project: Project, how: Started) -> Iterator[Entry]:
    start = how.start
    if start.kind == "next":
        yield from _next(project)
    elif start.kind == "node":
        yield Setting(("web", "script"), start.script, f"From {how.source}: {start.text}")
        if start.args:
            yield Setting(("web", "args"), [*start.args], "Its arguments.")
        if start.node_args:
            yield Setting(("web", "node_args"), [*start.node_args], "Those for node itself.")
        yield from _listens(project, start)
        if not _reads_env(project, start):
            note = (
                "nothing here seems to read .env, where the server has the app's secrets; "
                'node does with "--env-file=.env" among node_args (20.6 or later).'
            )
            yield Remark(("web",), note)
    else:
        text = (
            f'{how.source} starts "{start.text}"' if start.text else "nothing here says what starts the app"
        )
        yield Remark(
            ("web",), f"{text}; name the file that node is to run, which serves until it is told to end."
        )
        yield shown("web", "script", "server.js", "Such as:")


def _next(project: Project) -> Iterator[Entry]:
    config = project.next_config
    what = "`next start`"
    standalone = config.value("output") == "standalone"
    if standalone:
        what = f"the standalone server.js (output in {config.name})"
    elif config.unsure("output"):
        what = f"the standalone server.js where the build made one ({config.name} decides), else `next start`"
    if (standalone or config.unsure("output")) and config.text("distDir") not in ("", ".next"):
        yield Remark(("web",), "A standalone build is completed in .next only: leave distDir out, or output.")
    yield shown("web", "script", "auto", f"Next.js: {what}.")


def _listens(project: Project, start: Start) -> Iterator[Entry]:
    text = project.tree.text(start.script)
    if text and not re.search(r"\bPORT\b", text):
        note = f"{start.script} does not mention PORT; the app must listen on process.env.PORT, which each slot has."
        yield Remark(("web",), note)


def _reads_env(project: Project, start: Start) -> bool:
    known = ("next", "dotenv", "dotenv-flow", "@nestjs/config", "env-cmd")
    by_node = any(option.startswith("--env-file") for option in start.node_args)
    if by_node or any(project.package.uses(name) for name in known):
        return True
    return any("loadEnvFile" in project.tree.text(path) for path in project.sources)


def _process(table: tuple[str, ...], worker: Process, file: str) -> Iterator[Entry]:
    start, by_node = worker.start, worker.start.kind == "node"
    if not start.script or (not by_node and not worker.interpreter):
        yield Remark(table, f'{file} starts "{start.text}": name the script that this is.')
        yield Setting((*table, "script"), "worker.js", "Such as:", active=False)
        return
    if worker.unsure:
        yield Remark(table, _computed(worker, file))
    args = [*start.args]
    yield Setting((*table, "script"), start.script, f"From {file}: {start.text}")
    if args:
        yield Setting((*table, "args"), args, "Its arguments.")
    if start.node_args:
        yield Remark(table, f"node's own options cannot be given here: {' '.join(start.node_args)}")
    if not by_node:
        yield Setting((*table, "interpreter"), worker.interpreter, f"interpreter in {file}.")
    if worker.instances > 1:
        yield Setting((*table, "instances"), worker.instances, f"instances in {file}.")
    if worker.max_memory:
        yield Setting((*table, "max_memory"), worker.max_memory, f"max_memory_restart in {file}.")
    if worker.kill_timeout:
        yield Setting((*table, "kill_timeout"), worker.kill_timeout, f"kill_timeout in {file}, in seconds.")
