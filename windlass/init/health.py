"""[health]: the route that says whether the app is well."""

from __future__ import annotations

import re
from collections.abc import Iterator

from windlass.init.project import Project
from windlass.init.setting import Entry, Setting, shown

_NAMES = ("health", "healthz", "healthcheck", "health-check", "readyz", "ready", "livez", "status", "ping")
_NAME = "|".join(re.escape(name) for name in sorted(_NAMES, key=len, reverse=True))
_ROUTE = re.compile(rf"(?:src/)?app/(?P<path>(?:[\w().@-]+/)*(?:{_NAME}))/route\.[cm]?[jt]sx?")
_PAGE = re.compile(rf"(?:src/)?pages/(?P<path>(?:[\w.-]+/)*(?:{_NAME}))(?:/index)?\.[cm]?[jt]sx?")
_WRITTEN = re.compile(rf"""(["'`])(?P<path>/(?:[\w.-]+/)*(?:{_NAME}))\1""")


def health(project: Project) -> Iterator[Entry]:
    """The path of a health route, else the home page, which wants a look."""
    path, source = health_route(project)
    base = _base(project)
    if path:
        yield Setting(("health", "path"), base + path, f"From {source}.")
    else:
        note = (
            "no health route was found: the home page is asked, and must answer 200 by itself, without a redirect. "
            "A route of its own that also asks the database says more."
        )
        yield Setting(("health", "path"), base or "/", note, check=True)
    commit = (
        "The key of its JSON answer that holds the app's commit ($WINDLASS_REVISION), which is then compared:"
    )
    yield shown("health", "revision", "commit", commit)
    yield shown(
        "health", "start_timeout", 60, "Seconds from the start of the process until its first good answer."
    )


def health_route(project: Project) -> tuple[str, str]:
    """The path as the app knows it, and the file that has it; empty where there is none."""
    found: list[tuple[str, str]] = []
    if project.is_next:
        for pattern in (_ROUTE, _PAGE):
            for file in project.tree.matching(pattern):
                match = pattern.fullmatch(file)
                parts = match["path"].split("/") if match else []
                route = "/".join(part for part in parts if not part.startswith(("(", "@")))
                found.append((f"/{route}", file))
    else:
        for file in project.sources:
            found += [(match["path"], file) for match in _WRITTEN.finditer(project.tree.text(file))]
    best = min(found, key=lambda each: (_rank(each[0]), len(each[0])), default=("", ""))
    return best[0], project.tree.name_of(best[1]) if best[1] else ""


def _rank(path: str) -> int:
    return _NAMES.index(path.rpartition("/")[2])


def _base(project: Project) -> str:
    return project.next_config.text("basePath").rstrip("/") if project.is_next else ""
