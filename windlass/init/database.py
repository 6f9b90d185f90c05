"""[database]: what Prisma's schema says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from windlass.init.project import Project
from windlass.init.setting import Entry, Remark, Setting, shown

_SCHEMA = re.compile(r"(?:.*/)?schema\.prisma")
_CONFIGS = ("prisma.config.ts", "prisma.config.mts", "prisma.config.js", "prisma.config.mjs")
_COMMON = "prisma/schema.prisma"
_URL = re.compile(r"""(?:\benv\(\s*["']|process\.env\.|process\.env\[["'])([A-Za-z_]\w*)""", re.ASCII)


@dataclass(frozen=True)
class Schema:
    """Prisma's schema: the file, what it is for, the variables of its URLs, and its folder of migrations.

    `outside` is the file's name where it is not one of the app's own; `file` is "" then.
    """

    file: str = ""
    provider: str = ""
    url: str = ""
    variables: tuple[str, ...] = ()
    migrations: str = ""
    outside: str = ""


def schema(project: Project) -> Schema:
    """The app's schema, as package.json or Prisma's own configuration names it, else where it usually is."""
    tree = project.tree
    config = tree.first(_CONFIGS)
    text = tree.text(config)
    named = [project.package.prisma_schema, _named(text, "schema"), _COMMON, "schema.prisma"]
    candidates = [path.removeprefix("./").rstrip("/") for path in named if path]
    candidates += tree.matching(_SCHEMA)
    for path in candidates:
        if path in tree:
            return _read(project, path, [path], text)
        inside = sorted(
            each for each in tree.paths if each.startswith(f"{path}/") and each.endswith(".prisma")
        )
        if inside:
            return _read(project, path, inside, text)
    elsewhere = project.top.matching(_SCHEMA)
    uses = any(project.package.uses(name) for name in ("@prisma/client", "prisma"))
    return Schema(outside=elsewhere[0]) if elsewhere and (uses or project.workspace.workspaces) else Schema()


def database(project: Project) -> Iterator[Entry]:
    """Prisma with PostgreSQL is Windlass's to migrate; of anything else it is said what is not done."""
    found = schema(project)
    if found.outside:
        note = (
            f"{found.outside} is not below the app's folder, and only a schema there can be migrated: "
            "apply its migrations by hand, or move it."
        )
        yield Remark(("database",), note)
    elif not found.file:
        yield shown("database", "kind", "none", "No schema of Prisma's: Windlass leaves databases alone.")
    elif found.provider in ("postgresql", "postgres", ""):
        yield from _prisma(project, found)
    else:
        name = project.tree.name_of(found.file)
        note = f"{name} is for {found.provider}; Windlass backs up and migrates PostgreSQL only. Migrate by hand."
        yield Setting(("database", "kind"), "none", note, check=True)
        yield Setting(("build", "generate"), "prisma generate", f"For {name}.")


def _prisma(project: Project, found: Schema) -> Iterator[Entry]:
    name = project.tree.name_of(found.file)
    what = (
        f"{name}: {found.provider}."
        if found.provider
        else f"{name}; its provider was not found, postgresql is meant."
    )
    yield Setting(("database", "kind"), "prisma", what, check=not found.provider)
    if found.file != _COMMON:
        yield Setting(("database", "schema"), found.file, "Prisma's schema.")
    if found.url and found.url != "DATABASE_URL":
        yield Setting(("database", "url"), found.url, f"The variable that {name} names.")
    if found.migrations != "prisma/migrations":
        yield Setting(("database", "migrations"), found.migrations, "Beside the schema.")
    if not project.tree.holds_folder(found.migrations):
        folder = project.tree.name_of(found.migrations)
        note = f"there are no migrations in {folder}: what `prisma db push` changes, no deploy will."
        yield Remark(("database",), note)
    before = 'Migrations come after the build; "before-build" is for an app that reads the database while it is built.'
    yield shown("database", "migrate", "after-build", before)


def _read(project: Project, path: str, names: list[str], config: str) -> Schema:
    """The schema at a path, which is that of a file or of a folder of files; `config` is Prisma's own as text."""
    texts = [re.sub(r"//[^\n]*", "", project.tree.text(name)) for name in names]
    source = next(
        (found[1] for text in texts if (found := re.search(r"\bdatasource\s+\w+\s*\{(.*?)\}", text, re.S))),
        "",
    )
    provider = re.search(r'\bprovider\s*=\s*"(\w+)"', source)
    # Migrations and dumps want the address behind a pooler, which Prisma calls directUrl.
    urls = dict(re.findall(r'\b(url|directUrl)\s*=\s*env\(\s*"([A-Za-z_]\w*)"', source, re.ASCII))
    variables = [urls[key] for key in ("directUrl", "url") if key in urls] or _URL.findall(config)[:1]
    folder = path.rpartition("/")[0] if path in project.tree else path
    beside = f"{folder}/migrations" if folder else "migrations"
    named = _named(config, "path").removeprefix("./").rstrip("/")
    return Schema(
        file=path,
        provider=provider[1] if provider else "",
        url=variables[0] if variables else "",
        variables=tuple(dict.fromkeys(variables)),
        migrations=named if "migrations" in named else beside,
    )


def _named(text: str, key: str) -> str:
    found = re.search(
        rf"""\b{key}\s*:\s*(?:path\.join\(\s*)?["']([^"']+)["'](?:\s*,\s*["']([^"']+)["'])?""", text
    )
    return "/".join(part for part in found.groups() if part) if found else ""
