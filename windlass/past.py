"""What the ledger says of an app's past, as its server digested it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from windlass.ledger import Record, moment


@dataclass(frozen=True)
class Deploy:
    """A deploy that found migrations pending; `was` is what was live before it, "" for nothing."""

    release: str
    revision: str
    was: str
    migrations: tuple[str, ...]


@dataclass(frozen=True)
class Past:
    """What happened, as far as it is about releases that are kept, live or unfinished.

    `number` is the highest that a release was ever given. `lived` are the releases that visitors got, oldest first,
    each as often as it came to be live, but for what changes nothing about what was live before which; `went_live`
    says when each last did. `bad` are those that were rolled away from, went back by themselves or never passed their
    gate. `started_with` and `built_with` are versions of `.env`. `migrated` says of each migration since the oldest
    kept release, and not taken back, by which release number it came, and whether it is known to be applied.
    `unfinished` are the last records of runs that never wrote their end, or could not be put right at it.
    Only a question for `deploys` has those, oldest first, and `revisions` of all releases that can be named.
    """

    number: int = 0
    lived: tuple[str, ...] = ()
    went_live: Mapping[str, datetime | None] = field(default_factory=dict)
    bad: frozenset[str] = frozenset()
    stable: tuple[str, ...] = ()
    started_with: Mapping[str, int] = field(default_factory=dict)
    built_with: Mapping[str, int] = field(default_factory=dict)
    subjects: Mapping[str, str] = field(default_factory=dict)
    migrated: Mapping[str, tuple[int, bool]] = field(default_factory=dict)
    undone: bool = False
    unfinished: tuple[Record, ...] = ()
    revisions: Mapping[str, str] = field(default_factory=dict)
    deploys: tuple[Deploy, ...] = ()


def parse(found: Mapping[str, Any]) -> Past:
    """What the agent digested, as values."""
    return Past(
        number=found["number"],
        lived=tuple(release for release, _ in found["lived"]),
        went_live={release: moment({"time": time}) for release, time in found["lived"]},
        bad=frozenset(found["bad"]),
        stable=tuple(found["stable"]),
        started_with=found["started_with"],
        built_with={release: versions[0] for release, versions in found["envs"].items()},
        subjects=found["subjects"],
        migrated={name: (number, known) for name, (number, known) in found["migrated"].items()},
        undone=found["undone"],
        unfinished=tuple(found["open"]),
        revisions=found["revisions"],
        deploys=tuple(Deploy(**{**one, "migrations": tuple(one["migrations"])}) for one in found["deploys"]),
    )
