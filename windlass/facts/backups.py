"""The backups of the app's database that are on the server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from windlass.errors import WindlassError
from windlass.layout import Layout
from windlass.question import Answer, Question
from windlass.shell import Command, quote


@dataclass(frozen=True)
class Backup:
    """A dump in `layout.backups`; `name` is its file's without .dump, `bytes` its size on the disk.

    `release` was live when it was made, and `why` it was, `sha256` is of the whole file, `version` of the
    database's PostgreSQL; "" where nothing is recorded. `verified` is None where that was never done, or the
    size is another one now: then it is not whole. `copied`: where there is a copy off the server. `database`: the
    bytes that the database took, 0 where that is not recorded.
    """

    name: str
    bytes: int
    created: datetime
    release: str = ""
    why: str = ""
    sha256: str = ""
    version: str = ""
    verified: datetime | None = None
    copied: str = ""
    database: int = 0


def question(layout: Layout) -> Question[tuple[Backup, ...]]:
    """Every whole file, newest first; what is being written is not among them."""
    text = f"""\
if [ ! -d {quote(layout.backups)} ]; then exit 0; fi
cd {quote(layout.backups)}
find . -maxdepth 1 -type f -name '*.dump' -printf '%s %T@ %f\\n'
find . -maxdepth 1 -type f -name '*.json' -exec cat {{}} +
"""
    return Question("backups", Command(text), parse)


def parse(answer: Answer) -> tuple[Backup, ...]:
    """Lines of files, then those of their descriptions. Raises WindlassError where they cannot be read."""
    if answer.code:
        lines = answer.err.strip().splitlines()
        raise WindlassError(
            f"the backups could not be listed: {lines[-1] if lines else 'no answer in time'}",
            hint="they belong to the app's owner: connect as that user, or as root",
        )
    files: list[list[str]] = []
    known: dict[Any, dict[str, Any]] = {}
    for line in answer.out.splitlines():
        if line.startswith("{"):
            about = _described(line)
            known[about.get("name")] = {**known.get(about.get("name"), {}), **about}
        else:
            files.append(line.split(" ", 2))
    found = [_backup(name.removesuffix(".dump"), int(size), float(at), known) for size, at, name in files]
    return tuple(sorted(found, key=lambda backup: (backup.created, backup.name), reverse=True))


def _backup(name: str, size: int, changed: float, known: Mapping[Any, Mapping[str, Any]]) -> Backup:
    about = known.get(name, {})
    whole = about.get("bytes") == size
    return Backup(
        name,
        size,
        _moment(about.get("created")) or datetime.fromtimestamp(changed, UTC),
        str(about.get("release", "")),
        str(about.get("why", "")),
        str(about.get("sha256", "")),
        str(about.get("version", "")),
        _moment(about.get("verified")) if whole else None,
        str(about.get("copied", "")),
        int(about.get("database", 0)),
    )


def _described(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}  # cut off by a power failure
    return found if isinstance(found, dict) else {}


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None
