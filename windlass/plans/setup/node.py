"""The node that the app asks for, and pm2: kept where it fits, else the distribution's, else an official build."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from windlass.commands import apt
from windlass.commands import node as commands
from windlass.config.model import Config
from windlass.errors import NotReady
from windlass.facts.apt import System
from windlass.facts.node import PLATFORMS, Build, Builds
from windlass.facts.package_json import PackageJson
from windlass.facts.tools import Tools
from windlass.plan import Step
from windlass.plans.engines import fits
from windlass.shell import Command, all_of

OFFICIAL = str(commands.HOME / "bin")


@dataclass(frozen=True)
class Asked:
    """A range of versions as npm writes them, "" for any, and who asks for it; `note` is what is to be said of that."""

    range: str
    who: str
    note: str = ""

    def __str__(self) -> str:
        return f"{self.who} asks for {self.range}" if self.range else "nobody asks for another"


@dataclass(frozen=True)
class Node:
    """The steps that bring node, the folder that it is in afterwards, and what is to be said of it."""

    steps: tuple[Step, ...]
    folder: str
    note: str = ""


@dataclass(frozen=True)
class Found:
    """What a host has and could have; `tools` as the user who deploys finds them."""

    system: System
    tools: Tools
    builds: Builds


def asked_for(config: Config, tools: Tools, package: PackageJson) -> Asked:
    """[node] version, else the engines of package.json; where neither speaks, what is there, else [setup] node."""
    if config.node.version:
        return Asked(config.node.version, "[node] version")
    if package.node:
        return Asked(package.node, "engines.node of package.json")
    unread = f"package.json could not be read ({package.problem})" if package.problem else ""
    if tools.node:
        note = f"{unread}: node {tools.node_version} stays, and the first deploy compares" if unread else ""
        return Asked("", "", note)
    note = f"{unread}: it is node {config.setup.node} by [setup] node" if unread else ""
    return Asked(config.setup.node, "[setup] node", note)


def must_fetch(asked: Asked, system: System, tools: Tools) -> bool:
    """Whether only an official build will do."""
    has = fits(asked.range, tools.node_version) if tools.node else _is_packaged(asked, system)
    return not has


def plan(config: Config, asked: Asked, found: Found, host: str) -> Node:
    """Raises NotReady where no node that fits can be had."""
    tools = found.tools
    if tools.node and fits(asked.range, tools.node_version):
        unchanged = f"{tools.node_version} in {tools.node}, and {asked}"
        kept = Step("install node", commands.offer(), unchanged=unchanged)
        npm = Step("install npm", apt.install(["npm"]), timeout=1800, interruptible=False)
        return Node((kept,) if tools.has("npm") else (kept, npm), tools.node)
    if config.node.path not in (None, OFFICIAL, f"{OFFICIAL}/node"):
        has = f"has node {tools.node_version}" if tools.node else "has none"
        raise NotReady(
            f"{host}: {asked} of node, and {config.node.path}, which [node] path names, {has}",
            hint="install it there, or take the key out: setup brings its own node",
        )
    if not tools.node and _is_packaged(asked, found.system):
        packages = apt.install(["nodejs", "npm"], update=False)
        step = Step(f"install node {found.system.node}", packages, timeout=1800, interruptible=False)
        return Node((step,), "/usr/bin")
    return _official(config, asked, found, host)


def pm2(config: Config, node: Node, tools: Tools) -> tuple[Step, str]:
    """The step that brings pm2, and where it is afterwards."""
    there = tools.pm2
    step = Step(
        "install pm2",
        commands.install_pm2(config.setup.pm2, node.folder),
        timeout=600,
        unchanged=f"it is {there}" if there else "",
        hint="npm says above what is wrong: can the server reach the registry?",
    )
    return step, there or "/usr/local/bin/pm2"


def choose(asked: str, builds: Builds, platform: str) -> Build | None:
    """The newest build that fits, one with long-term support before any other; None where none fits."""
    fitting = [one for one in builds.builds if platform in one.platforms and fits(asked, one.version)]
    return max(fitting, key=lambda one: (one.lts, _order(one.version)), default=None)


def _official(config: Config, asked: Asked, found: Found, host: str) -> Node:
    platform = PLATFORMS.get(found.system.machine, found.system.machine)
    beside = bool(found.tools.node) and not _is_official(found.tools.node)
    folder = OFFICIAL if beside or config.node.path else str(commands.LINKS)
    note = _beside(found.tools) if beside and config.node.path is None else ""
    if found.builds.here and fits(asked.range, found.builds.here):
        unchanged = f"{found.builds.here} in {OFFICIAL}"
        return Node((Step("install node", commands.offer(), unchanged=unchanged),), folder, note)
    build = choose(asked.range, found.builds, platform)
    if build is None:
        why = found.builds.problem or f"none of its builds for {platform} fits"
        raise NotReady(
            f"{host}: {asked} of node, and {config.setup.node_dist} has none: {why}",
            hint="[setup] node_dist names a mirror; a node that you install yourself is taken as it is",
        )
    switch = commands.switch(build.version, platform)
    offer = Command("") if beside or config.node.path else commands.offer()
    steps = (
        Step(
            f"fetch node {build.version}",
            commands.unpack(config.setup.node_dist, build.version, platform),
            timeout=900,
        ),
        Step(f"switch to node {build.version}", all_of(switch, offer)),
    )
    return Node(steps, folder, note)


def _is_packaged(asked: Asked, system: System) -> bool:
    """Whether the distribution's node and npm will do."""
    return bool(system.node and system.npm) and fits(asked.range, system.node)


def _is_official(folder: str) -> bool:
    """Whether a node that was found is the one that setup brought."""
    return PurePosixPath(folder) in (commands.LINKS, PurePosixPath(OFFICIAL))


def _beside(tools: Tools) -> str:
    return (
        f"node {tools.node_version} in {tools.node} stays for whoever else uses it: "
        f'deploys take the other one with path = "{OFFICIAL}" in [node]'
    )


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
