"""Whether the server's node and package manager are what the app asks for."""

from __future__ import annotations

from windlass.config.model import Config
from windlass.errors import NotReady
from windlass.facts.revision import Revision
from windlass.facts.tools import Tools
from windlass.plans.build import as_configured


def check(config: Config, tools: Tools, revision: Revision, host: str) -> None:
    """Raise NotReady where node is not what `[node] version` names, or where that is "", what `engines` asks for.

    So for a package manager that is not there. A range that npm would not understand asks for nothing.
    """
    _check_manager(config, tools, revision, host)
    wanted, who = config.node.version, "[node] version"
    if not wanted:
        wanted, who = revision.engine("node"), f"engines.node in package.json of {revision.short}"
    if fits(wanted, tools.node_version):
        return
    raise NotReady(
        f"{host}: {who} asks for {wanted}, and {tools.node} has node {tools.node_version}; "
        "visitors saw nothing, nothing was started",
        hint="install such a node and name its folder in [node] path; [node] version overrules package.json",
    )


def _check_manager(config: Config, tools: Tools, revision: Revision, host: str) -> None:
    manager = as_configured(config, revision).package_manager
    needed = "auto" in (config.build.install, config.build.command)
    if not needed or tools.has(manager) or (manager != "npm" and tools.has("corepack")):
        return
    raise NotReady(
        f"{host}: {revision.short} installs with {manager}, which is not there; "
        "visitors saw nothing, nothing was started",
        hint=f"npm install -g {manager}; [node] package_manager names another",
    )


def fits(wanted: str, version: str) -> bool:
    """Whether a version is in a range as npm writes them."""
    import nodesemver  # noqa: PLC0415 - most runs have no range to look at

    if nodesemver.valid_range(wanted, loose=True) is None:
        return True
    return bool(nodesemver.satisfies(version, wanted, loose=True))
