"""[health]: the route that says whether the app is well."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from windlass.init.project import Project
from windlass.init.setting import Entry, Setting, shown

_NAMES = ("health", "healthz", "healthcheck", "health-check", "readyz", "ready", "livez", "status", "ping")
_SAY_LITTLE = _NAMES.index("readyz")
"""From here on a name says something of the app only where it stands at the top, not in /api/orders/status."""
_NAME = "|".join(re.escape(name) for name in sorted(_NAMES, key=len, reverse=True))
_ROUTE = re.compile(rf"(?:src/)?app/(?P<path>(?:[\w().@-]+/)*(?:{_NAME}))/route\.[cm]?[jt]sx?")
_PAGE = re.compile(rf"(?:src/)?pages/(?P<path>(?:[\w.-]+/)*(?:{_NAME}))(?:/index)?\.[cm]?[jt]sx?")
_WRITTEN = re.compile(rf"""(["'`])(?P<path>/(?:[\w.-]+/)*(?:{_NAME}))\1""")


@dataclass(frozen=True)
class Route:
    """A path as the app knows it and the file that has it; `sure`: nothing else can be in front of it."""

    path: str
    file: str
    sure: bool = True

    @property
    def rank(self) -> tuple[int, int]:
        """The more a name says of health, and the shorter the path, the better."""
        return _NAMES.index(self.path.rpartition("/")[2]), len(self.path)


def health(project: Project) -> Iterator[Entry]:
    """The path of a health route, else the home page, which wants a look."""
    base = _base(project)
    if route := health_route(project):
        behind = "" if route.sure else ": a router's, which may have a path in front of it."
        note = f"From {project.tree.name_of(route.file)}{behind or '.'}"
        yield Setting(("health", "path"), base + route.path, note, check=not route.sure)
    else:
        note = (
            "no health route was found: the home page is asked, and must answer 200 by itself, without a redirect. "
            "A route of its own that also asks the database says more."
        )
        yield Setting(("health", "path"), base or "/", note, check=True)
    commit = "The key of its JSON answer that has the commit ($WINDLASS_REVISION), which is then compared:"
    yield shown("health", "revision", "commit", commit)
    start = "Seconds from the start of the process until its first good answer."
    yield shown("health", "start_timeout", 60, start)


def health_route(project: Project) -> Route | None:
    """The route that says most of the app's health; None where there is none."""
    found = _of_next(project) if project.is_next else _of_code(project)
    likely = (route for route in found if route.rank[0] < _SAY_LITTLE or route.path.count("/") <= 2)
    return min(likely, key=lambda route: route.rank, default=None)


def _of_next(project: Project) -> Iterator[Route]:
    for pattern in (_ROUTE, _PAGE):
        for file in project.tree.matching(pattern):
            match = pattern.fullmatch(file)
            parts = match["path"].split("/") if match else []
            yield Route("/" + "/".join(part for part in parts if not part.startswith(("(", "@"))), file)


def _of_code(project: Project) -> Iterator[Route]:
    for file in project.sources:
        text = project.tree.text(file)
        for match in _WRITTEN.finditer(text):
            yield Route(match["path"], file, sure="Router" not in text)


def _base(project: Project) -> str:
    return project.next_config.text("basePath").rstrip("/") if project.is_next else ""
