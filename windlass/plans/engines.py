"""Whether the server's node is one that the app asks for."""

from __future__ import annotations

import nodesemver

from windlass.config import Config
from windlass.errors import NotReady
from windlass.facts.revision import Revision
from windlass.facts.tools import Tools


def check(config: Config, tools: Tools, revision: Revision, host: str) -> None:
    """Raise NotReady where node is not what `[node] version` names, or where that is "", what `engines` asks for.

    A range that npm would not understand asks for nothing.
    """
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


def fits(wanted: str, version: str) -> bool:
    """Whether a version is in a range as npm writes them."""
    if nodesemver.valid_range(wanted, loose=True) is None:
        return True
    return bool(nodesemver.satisfies(version, wanted, loose=True))
