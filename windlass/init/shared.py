"""[shared]: what the app needs that is not in its repository."""

from __future__ import annotations

import re
from collections.abc import Iterator

from windlass.config.secrets import SECRET_NAME
from windlass.init.database import schema
from windlass.init.ecosystem import Process
from windlass.init.project import Project
from windlass.init.setting import Entry, Setting, shown

_EXAMPLES = (
    ".env.example",
    ".env.sample",
    ".env.template",
    ".env.dist",
    ".env.production.example",
    "env.example",
)
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_OURS = {"NODE_ENV", "PORT", "HOSTNAME", "HOST", "SHADOW_DATABASE_URL"}
_UPLOADS = ("public/uploads", "uploads", "storage", "data")


def shared(project: Project, old: Process | None, file: str) -> Iterator[Entry]:
    """The variables that shared/.env must hold, by their names only, and the folders that the app may write."""
    files = "`fab env.push FILE` puts the app's variables into shared/.env, which a deploy wants. Where there are none:"
    yield shown("shared", "files", [], files)
    example, needed, optional = _of_example(project)
    sources = dict.fromkeys(schema(project).variables, "Prisma")
    sources |= {name: example for name in needed if name not in sources}
    if old:
        sources |= {name: file for name in old.variables if name not in sources}
    if sources:
        found = ", ".join(dict.fromkeys(sources.values()))
        others = ", ".join(name for name in optional if name not in sources)
        rest = f" Optional there: {others}." if others else ""
        note = f"Variables that shared/.env must hold, by {found}; a deploy stops where one is missing.{rest}"
        yield Setting(("shared", "required"), [*sources], note)
    else:
        yield shown(
            "shared", "required", ["API_KEY"], "Variables that shared/.env on the server must hold. Such as:"
        )
    folder = next((each for each in _UPLOADS if project.tree.holds_folder(each)), "uploads")
    yield shown(
        "shared", "dirs", [folder], "Folders that the app writes into are shared by all releases. Such as:"
    )


def _of_example(project: Project) -> tuple[str, list[str], list[str]]:
    """The example's name, the variables that have no value that would do, and the others."""
    for tree in dict.fromkeys((project.folder, ".")):
        place = project.top.below(tree)
        if file := place.first(_EXAMPLES):
            lines = [found for line in place.text(file).splitlines() if (found := _LINE.fullmatch(line))]
            values = {line[1]: line[2].strip().strip("\"'") for line in lines if line[1] not in _OURS}
            needed = [name for name, value in values.items() if _is_needed(name, value)]
            return place.name_of(file), needed, [name for name in values if name not in needed]
    return "", [], []


def _is_needed(name: str, value: str) -> bool:
    """Whether an example's value cannot be meant for production."""
    stand_in = re.search(
        r"your|change|replace|xxx|<.*>|\.\.\.|example|localhost|127\.0\.0\.1", value, re.IGNORECASE
    )
    return not value or bool(stand_in) or bool(SECRET_NAME.search(name)) or "://" in value
