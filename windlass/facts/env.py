"""The app's `.env` on the server and its kept versions; no value of it is ever told, only digests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from windlass.layout import Layout
from windlass.question import Answer, Question
from windlass.shell import cmd


@dataclass(frozen=True)
class Version:
    """A kept version: since when (seconds since the epoch), and digests of its values."""

    number: int
    since: float
    variables: Mapping[str, str]


@dataclass(frozen=True)
class ServerEnv:
    """`.env` as it is: `version` is the kept one that it is, 0 where it was edited by hand, None for none.

    Digests are equal where values are, within one command. `private`: nobody else may read it, but the app's own user.
    `next` is the number of the next version. `problem` says why nothing is known.
    """

    version: int | None = None
    since: float = 0.0
    private: bool = True
    variables: Mapping[str, str] = field(default_factory=dict)
    empty: frozenset[str] = frozenset()
    versions: tuple[Version, ...] = ()
    next: int = 1
    problem: str = ""

    def kept(self, number: int | None) -> Version | None:
        """The kept version of that number."""
        return next((version for version in self.versions if version.number == number), None)


def question(layout: Layout, salt: str, readers: str = "") -> Question[ServerEnv]:
    """Ask as somebody who may read `.env`, as the group `readers` may.

    `salt` is the command's own, and goes into every digest.
    """
    arguments = {**layout.paths(), "salt": salt, "readers": readers}
    return Question("env", cmd("cut", "-d=", "-f1", layout.env_file), parse, "env", arguments)


def parse(answer: Answer) -> ServerEnv:
    """Never raises: what could not be looked at has a `problem`."""
    if answer.code:
        return ServerEnv(problem=answer.err.strip() or "no answer in time")
    found = json.loads(answer.out)
    versions = tuple(Version(**version) for version in found.pop("versions"))
    return ServerEnv(**{**found, "empty": frozenset(found["empty"])}, versions=versions)
