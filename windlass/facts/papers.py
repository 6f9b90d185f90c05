"""What is written of migrations: the files of a release's, and the SQL that leads there and back."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from windlass.config.model import Config
from windlass.question import Answer, Question
from windlass.shell import Command, quote


@dataclass(frozen=True)
class Papers:
    """`up` and `down` are texts by migration, where the repository has such a file; `recorded` by release.

    `checksums` are the SHA-256 of what `up` was read from, in hexadecimal digits.
    """

    up: Mapping[str, str] = field(default_factory=dict)
    down: Mapping[str, str] = field(default_factory=dict)
    recorded: Mapping[str, str] = field(default_factory=dict)
    checksums: Mapping[str, str] = field(default_factory=dict)


def folders(config: Config, releases: Mapping[str, str]) -> Question[Mapping[str, frozenset[str]]]:
    """The migrations in the files of each of these releases, given with their revisions.

    From the kept release, else from the workspace's git; a release that neither knows is left out.
    """
    lines = [_listing(config, release, revision) for release, revision in releases.items()]
    return Question("folders", Command("\n".join(lines)), parse_folders)


def parse_folders(answer: Answer) -> Mapping[str, frozenset[str]]:
    """Names by the release whose line is above them. Raises ValueError where nothing could be read."""
    _check(answer)
    found: dict[str, set[str]] = {}
    release = ""
    for line in answer.out.splitlines():
        if line.startswith("> "):
            release = line.removeprefix("> ")
            found[release] = set()
        else:
            found[release].add(line.rstrip("/").rpartition("/")[2])
    return {release: frozenset(names) for release, names in found.items()}


def texts(
    config: Config, migrations: Mapping[str, str], releases: Iterable[str], files: tuple[str, str]
) -> Question[Papers]:
    """The SQL of migrations, given with the revision that has them, and what was recorded at deploys.

    `files` are the names within a migration's folder: the way there, the way back.
    """
    names, recorded = list(migrations), list(releases)
    lines = [
        _text(f"{kind} {number}", _blob(config, migrations[name], name, file))
        for number, name in enumerate(names)
        for kind, file in zip(("up", "down"), files, strict=True)
    ]
    backups = config.layout.backups
    lines += [
        _text(f"recorded {number}", f"cat {quote(backups / f'{release}.down.sql')}")
        for number, release in enumerate(recorded)
    ]
    return Question("papers", Command("\n".join(lines)), lambda answer: _parse_texts(answer, names, recorded))


def _listing(config: Config, release: str, revision: str) -> str:
    folder = config.layout.subfolder / config.database.migrations
    kept = quote(config.layout.release(release) / folder)
    workspace = quote(config.layout.workspace)
    return f"""\
if [ -d {kept} ]; then
    echo {quote(f"> {release}")}
    find {kept} -mindepth 1 -maxdepth 1 -type d
elif git -C {workspace} cat-file -e {quote(revision)}^{{commit}} 2>/dev/null; then
    echo {quote(f"> {release}")}
    git -C {workspace} -c core.quotePath=false ls-tree --name-only -d {quote(revision)} -- {quote(f"{folder}/")}
fi"""


def _blob(config: Config, revision: str, migration: str, file: str) -> str:
    path = config.layout.subfolder / config.database.migrations / migration / file
    return f"git -C {quote(config.layout.workspace)} cat-file blob {quote(f'{revision}:{path}')}"


def _text(key: str, command: str) -> str:
    return f'if text=$({command} 2>/dev/null | base64 -w 0); then echo {quote(key)} "$text"; fi'


def _parse_texts(answer: Answer, names: list[str], releases: list[str]) -> Papers:
    _check(answer)
    found: dict[str, dict[str, str]] = {"up": {}, "down": {}, "recorded": {}, "checksums": {}}
    for line in answer.out.splitlines():
        kind, number, encoded = line.split(" ")
        key = (releases if kind == "recorded" else names)[int(number)]
        content = base64.b64decode(encoded)
        found[kind][key] = content.decode("utf-8", "replace")
        if kind == "up":
            found["checksums"][key] = hashlib.sha256(content).hexdigest()
    return Papers(**found)


def _check(answer: Answer) -> None:
    if answer.code:
        raise ValueError(f"what is written of the migrations could not be read: {answer.err.strip()}")
