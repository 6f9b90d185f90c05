"""The node that the app asks for, and pm2: kept where it fits, else the distribution's, else an official build."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from windlass.commands import apt
from windlass.commands import node as commands
from windlass.commands.users import as_user
from windlass.config.model import Config
from windlass.errors import NotReady
from windlass.facts.apt import System
from windlass.facts.node import PLATFORMS, Build, Builds
from windlass.facts.package_json import PackageJson
from windlass.facts.tools import Tools
from windlass.facts.whose import ROOT
from windlass.plan import Step
from windlass.plans.engines import fits
from windlass.render import unit_path
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
    """What a host has and could have; `tools` as the user who deploys finds them, who may say anything.

    `whose` says for each of `ways` who may change what it leads to, as root sees it.
    """

    system: System
    tools: Tools
    builds: Builds
    whose: Mapping[str, str] = field(default_factory=dict)

    def is_roots(self, folder: str) -> bool:
        """Whether root may run node and npm from this folder: nobody else has a hand in them."""
        return all(self.whose.get(path) == ROOT for path in _programs(folder))


def ways(tools: Tools) -> Iterable[str]:
    """The paths of which has to be known whose they are."""
    folders = {tools.node, OFFICIAL, str(commands.LINKS), "/usr/bin"} - {""}
    return [path for folder in folders for path in _programs(folder)]


def _programs(folder: str) -> tuple[str, str]:
    return f"{folder}/node", f"{folder}/npm"


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
    """Raises NotReady where no node that fits can be had, or where it lies no unit could say."""
    tools = found.tools
    _check(tools, host)
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


def pm2(config: Config, node: Node, found: Found) -> tuple[Step, str]:
    """The step that brings pm2, and where it is afterwards.

    Root installs it by a node that is root's alone; a node of the user's own is run by them, and gets a pm2 beside it.
    """
    there, by_root = found.tools.pm2, found.is_roots(node.folder)
    prefix = commands.FOR_ALL if by_root else PurePosixPath(node.folder).parent
    install = commands.install_pm2(config.setup.pm2, node.folder, prefix)
    step = Step(
        "install pm2",
        install if by_root else as_user(config.setup.user, install),
        timeout=600,
        unchanged=f"it is {there}" if there else "",
        hint="npm says above what is wrong: can the server reach the registry?",
    )
    return step, there or f"{prefix}/bin/pm2"


def choose(asked: str, builds: Builds, platform: str) -> Build | None:
    """The newest build that fits, one with long-term support before any other; None where none fits."""
    fitting = [one for one in builds.builds if platform in one.platforms and fits(asked, one.version)]
    return max(fitting, key=lambda one: (one.lts, _order(one.version)), default=None)


def _check(tools: Tools, host: str) -> None:
    """Raise NotReady for a place that cannot be written in a unit as it is."""
    for place in filter(None, (tools.node, tools.pm2)):
        try:
            unit_path(place)
        except ValueError as error:
            raise NotReady(
                f"{host}: node or pm2 is said to be where no unit can name it: {error}; nothing was changed",
                hint="[node] path names the node that is to be used",
            ) from None


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
