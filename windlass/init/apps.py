"""Which folders of a repository hold an app that Windlass can deploy."""

from __future__ import annotations

import re

from windlass.errors import UsageError
from windlass.init.project import Project
from windlass.init.start import start_of_text
from windlass.init.tree import Tree

_PACKAGES = re.compile(r"(?:.*/)?package\.json")
_NOT_APPS = frozenset(
    [
        "examples",
        "example",
        "fixtures",
        "test",
        "tests",
        "__tests__",
        "e2e",
        "templates",
        "dist",
        "build",
        "out",
    ]
)
TODAY = "Windlass deploys node apps today (Next.js, Express, whatever `node FILE` serves)"


def apps(tree: Tree) -> list[str]:
    """The folders of apps, the outermost first; tests and examples are none."""
    folders = [path.rpartition("/")[0] or "." for path in tree.matching(_PACKAGES)]
    return [folder for folder in folders if not _NOT_APPS & set(folder.split("/")) and _serves(tree, folder)]


def chosen_app(tree: Tree, folder: str, where: str) -> str:
    """The folder of the app: the given one, else the only one.

    Raises UsageError where that is none, or where there are several (SeveralApps, which lists them).
    """
    if folder:
        return _given(tree, folder, where)
    found = apps(tree)
    if len(found) == 1:
        return found[0]
    if found:
        raise SeveralApps(where, found)
    if "package.json" in tree and not Project(tree).package.workspaces:
        return "."
    raise _no_app(tree, where)


class SeveralApps(UsageError):
    """The repository has more than one app, in `folders`, and nobody said which."""

    def __init__(self, where: str, folders: list[str]) -> None:
        super().__init__(
            f"which app? {where} has {len(folders)}: {', '.join(folders)}; nothing was written",
            hint=f"choose one with --folder {folders[0]}",
        )
        self.folders = folders


def _given(tree: Tree, folder: str, where: str) -> str:
    folder = folder.removeprefix("./").rstrip("/") or "."
    if "package.json" in tree.below(folder):
        return folder
    found = apps(tree)
    hint = f"its apps: {', '.join(found)}" if found else f"{TODAY}: a package.json belongs to each"
    raise UsageError(f"{where} has no package.json in {folder}; nothing was written", hint=hint)


def _serves(tree: Tree, folder: str) -> bool:
    project = Project(tree, folder)
    try:
        start, workspaces = project.package.scripts.get("start", ""), project.package.workspaces
        return project.is_next or (
            bool(start) and not (workspaces and start_of_text(start, {}).kind == "other")
        )
    except UsageError:
        return True  # whoever chooses it is told what is wrong with its package.json


def _no_app(tree: Tree, where: str) -> UsageError:
    python = tree.first(["requirements.txt", "pyproject.toml", "manage.py", "Pipfile"])
    others = {
        python: "a Python app",
        "Gemfile": "a Ruby app",
        "composer.json": "a PHP app",
        "go.mod": "a Go app",
    }
    it_is = next((f"; it looks like {what}" for file, what in others.items() if file and file in tree), "")
    what = "no app in its workspaces" if "package.json" in tree else "no package.json"
    return UsageError(
        f"{where} has {what}{it_is}; nothing was written. {TODAY}",
        hint="fab init --from FOLDER-OR-GIT-URL names another repository, --folder an app inside of it",
    )
