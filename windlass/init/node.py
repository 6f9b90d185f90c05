"""[node]: which version and which package manager."""

from __future__ import annotations

import re
from collections.abc import Iterator

from windlass.facts.revision import LOCK_FILES
from windlass.init.project import Project
from windlass.init.setting import Entry, Remark, Setting, shown
from windlass.init.tree import Tree

_FILES = (".nvmrc", ".node-version")
_BUN = ("bun.lock", "bun.lockb")
_VERSION = re.compile(r"v?(\d{1,3})(\.\d+){0,2}")


def node(project: Project) -> Iterator[Entry]:
    """The version by `engines`, else by the file of a version manager; the manager where it is not plain."""
    yield from _version(project)
    yield from _manager(project)


def _version(project: Project) -> Iterator[Entry]:
    if wanted := project.package.node:
        yield shown(
            "node", "version", "", f"engines.node in {project.tree.name_of('package.json')}: {wanted}."
        )
        return
    found, source = _of_a_version_manager(project)
    version = _VERSION.fullmatch(found)
    if version:
        note = f"{source} names {found}; any {version[1]} will do here."
        yield Setting(("node", "version"), version[1], note)
    elif found:
        yield Remark(("node",), f'{source} says "{found}"; write the version that the server must have.')
        yield shown("node", "version", "22", "Such as:")
    else:
        yield shown("node", "version", "22", "Nothing in the repository asks for a version of node.")


def _of_a_version_manager(project: Project) -> tuple[str, str]:
    """What the first file says that names a version, and the file."""
    if project.package.volta:
        return project.package.volta, f"volta in {project.tree.name_of('package.json')}"
    for tree in (project.tree, project.top):
        if file := tree.first(_FILES):
            words = tree.text(file).split()
            return (words[0] if words else ""), tree.name_of(file)
    return "", ""


def _manager(project: Project) -> Iterator[Entry]:
    named = (project.package.manager or project.workspace.manager).partition("@")[0]
    locked = {manager: name for name, manager in _lock_files(project)}
    if named in ("npm", "pnpm", "yarn"):
        yield shown("node", "package_manager", "auto", f"packageManager in package.json: {named}.")
    elif named or (not locked and _bun(project)):
        what = f"packageManager in package.json is {named}" if named else f"the lock file is {_bun(project)}"
        yield Remark(
            ("node",), f"{what}; Windlass installs with npm, pnpm or yarn: commit a lock file of one."
        )
    elif len(locked) > 1:
        chosen = next(iter(locked))
        names = ", ".join(locked.values())
        note = f"there are several lock files ({names}): keep the one that is used."
        yield Setting(("node", "package_manager"), chosen, note, check=True)
    elif locked:
        manager, name = next(iter(locked.items()))
        yield shown("node", "package_manager", "auto", f"{name}: {manager}.")
    else:
        yield Remark(("node",), "there is no lock file: each install may bring other versions. Commit one.")


def _lock_files(project: Project) -> list[tuple[str, str]]:
    """Each lock file that an install would find, with its manager; the app's own before the repository's."""
    trees: list[Tree] = [project.tree] if project.folder == "." else [project.tree, project.top]
    found = [
        (tree.name_of(name), manager)
        for tree in trees
        for name, manager in LOCK_FILES.items()
        if name in tree
    ]
    first: dict[str, str] = {}
    for name, manager in found:
        first.setdefault(manager, name)
    return [(name, manager) for manager, name in first.items()]


def _bun(project: Project) -> str:
    return project.tree.first(_BUN) or project.top.first(_BUN)
