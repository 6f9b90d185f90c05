"""What an install is made of, and whether what the workspace has stands, can be changed, or is made afresh."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from windlass.facts.revision import Revision
from windlass.plans.look import Look
from windlass.shell import Command

Way = Literal["stands", "change", "afresh"]

CHANGED = " changed"
"""At the end of the stamp of an install on top of an earlier one, until a build was made with it."""
DOUBTED = " doubted"
"""In its place while such a build runs, and for good where it fails: the next install is made afresh."""

_PACKAGES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_RULES = ("overrides", "resolutions", "workspaces", "packageManager", "pnpm")
_SETTINGS = (".npmrc", ".yarnrc.yml", "pnpm-workspace.yaml")
_HOOKS = (
    "preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare", "dependencies",
)  # fmt: skip
_REPEATABLE = re.compile(r"((npx )?prisma generate|husky( install)?|true)")


def stamp(look: Look, revision: Revision, install: Command) -> str:
    """In two words what is to be installed, in the others by what: the same stamp means the same node_modules.

    The lock file may not know yet what package.json asks for, which must not pass.
    """
    package, blobs = revision.package, revision.blobs
    wanted = [blobs.get(revision.lock_file or "package.json", "none"), _digest(_of(package, _PACKAGES))]
    rules = _digest([_of(package, _RULES), _hooks(revision)])
    settings = [blobs.get(name, "none") for name in _SETTINGS]
    tools = [f"node-{look.tools.node_version}", f"npm-{look.tools.npm_version}"]
    return " ".join([*wanted, rules, *settings, *tools, " ; ".join(install.text.splitlines())]).strip()


def way(look: Look, revision: Revision, wanted: str, *, force: bool = False) -> Way:
    """How to come from what the workspace has to the stamp that is wanted.

    Only an install that finished is changed, and only by the same node, manager, settings and hooks; a hook that
    may do otherwise on a tree that it has seen before has to have a fresh one.
    """
    written = look.state.install_stamp if look.state.cloned and not force else ""
    if written in (wanted, wanted + CHANGED):
        return "stands"
    by = written.split(" ", 2)[2:]
    return "change" if by and by == wanted.split(" ", 2)[2:] and _repeatable(revision) else "afresh"


def unproven(look: Look, revision: Revision, wanted: str) -> bool:
    """Whether no build was made yet with what the install step changes, or left changed in an earlier run."""
    return look.state.install_stamp == wanted + CHANGED or way(look, revision, wanted) == "change"


def _repeatable(revision: Revision) -> bool:
    parts = (part.strip() for hook in _hooks(revision).values() for part in re.split(r"&&|\|\|", str(hook)))
    return all(_REPEATABLE.fullmatch(part) for part in parts)


def _hooks(revision: Revision) -> dict[str, Any]:
    scripts = revision.package.get("scripts", {})
    return _of(scripts, _HOOKS) if isinstance(scripts, dict) else {}


def _of(table: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {key: table[key] for key in keys if key in table}


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
