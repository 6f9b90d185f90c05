"""Everything that a repository tells, as the entries of a configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from windlass.config.problem import PASSWORD_IN_URL
from windlass.config.secrets import TOKEN_IN_URL
from windlass.init.build import build
from windlass.init.database import database, schema
from windlass.init.health import health
from windlass.init.names import app_name, as_name, repository_name
from windlass.init.nginx import nginx
from windlass.init.nginx_files import site
from windlass.init.node import node
from windlass.init.project import Project
from windlass.init.questions import repository
from windlass.init.setting import Entry, Setting, shown, value_of
from windlass.init.shared import shared
from windlass.init.web import processes, started, web


@dataclass(frozen=True)
class Origin:
    """Where a repository comes from: `address` as git has it ("" for nowhere), its branch, and who says so.

    `folder` is what the repository's own folder is called.
    """

    address: str = ""
    branch: str = ""
    source: str = "git's origin"
    folder: str = ""


def answers(project: Project, origin: Origin) -> list[Entry]:
    """The entries that the files suggest, in the order of the manual; raises UsageError for a broken package.json."""
    how = started(project)
    old_port = how.old.port if how.old else how.start.port
    found = site(project, old_port)
    port, where = (old_port, how.ecosystem.name or how.source) if old_port else (found.port, found.file)
    return [
        *_app(project, origin),
        _target(),
        *_git(origin.address),
        *node(project),
        *build(project, how.start),
        *web(project, how, port, where),
        *processes(how),
        *health(project),
        *database(project),
        *shared(project, how.old, how.ecosystem.name),
        *nginx(project, found),
    ]


def summary(project: Project) -> str:
    """What was found, in a line."""
    found = [
        f"Next.js {project.package.dependencies.get('next', '')}".strip() if project.is_next else "a node app"
    ]
    if project.package.node:
        found.append(f"node {project.package.node}")
    if schema(project).file:
        found.append(f"Prisma with {schema(project).provider or 'a database'}")
    sure = [entry for entry in health(project) if not entry.check]
    path = value_of(sure, "health", "path")
    found.append(f"health at {path}" if path else "no health route")
    return ", ".join(found)


def _app(project: Project, origin: Origin) -> list[Entry]:
    address = _usable(origin.address)
    whole = repository_name(address) or origin.folder
    name = app_name(project.package.name, whole, top=project.folder == ".")
    named = as_name(project.package.name) == name
    source = f"name in {project.tree.name_of('package.json')}" if named else "the repository's name"
    note = f"From {source}. Processes, site and folder on the server are named so."
    branch, keep = "The repository's default branch.", "How many releases the server keeps, to go back to."
    entries: list[Entry] = [Setting(("app", "name"), name, note), _repository(address, origin)]
    if origin.branch:
        entries.append(Setting(("app", "branch"), origin.branch, branch))
    else:
        entries.append(shown("app", "branch", "main", "What is deployed."))
    if project.folder != ".":
        entries.append(Setting(("app", "directory"), project.folder, "The app's folder in its repository."))
    return [*entries, shown("app", "keep", 5, keep)]


def _repository(address: str, origin: Origin) -> Entry:
    """`address` is the origin's as far as it can be used."""
    if not address:
        return shown("app", "repository", "git@host:owner/name.git", "Where the server fetches it from.")
    note, check = f"{origin.source}.", True
    if address != origin.address:
        note += " Its password or token is left out: use git@host:owner/name.git with a deploy key."
    elif address.startswith(("/", "file:")):
        note += " It is a folder, and must be there on the server."
    else:
        check = False
        if address.startswith("http"):
            note += " If it is private: git@host:owner/name.git, with a deploy key on the server."
    return Setting(("app", "repository"), address, note, check)


def _target() -> Setting:
    note = "The hosts, as [user@]host[:port]; migrations run on the first. -H on the command line overrides."
    return Setting(("targets", "production", "hosts"), ["deploy@203.0.113.10"], note, active=False)


def _git(address: str) -> Sequence[Entry]:
    if address.startswith(("http://", "https://", "/", "file:")):
        return []
    key = (
        "The private key on the server that fetches the repository; unset, its user's SSH configuration decides. "
        "Or [ssh] forward_agent = true lends it yours."
    )
    return [shown("git", "key", "/home/deploy/.ssh/id_ed25519", key)]


def _usable(address: str) -> str:
    """The address of a repository without a password or token in it; "" where it is none."""
    if PASSWORD_IN_URL.search(address) or TOKEN_IN_URL.search(address):
        scheme, _, rest = address.partition("://")
        address = f"{scheme}://{rest.rpartition('@')[2]}"
    try:
        return repository(address)
    except ValueError:
        return ""
