"""Which official builds of node there are to fetch, and which one lies on the server already."""

from __future__ import annotations

import json
from dataclasses import dataclass

from windlass.commands.node import HOME
from windlass.question import Answer, Question
from windlass.shell import Command, fed, quote

PLATFORMS = {"x86_64": "linux-x64", "aarch64": "linux-arm64", "armv7l": "linux-armv7l"}
"""What node calls the machines that `uname -m` names."""
TIMEOUT = 30

_FETCH = """\
import json, sys, urllib.request
with urllib.request.urlopen(sys.argv[1], timeout=20) as answer:
    found = json.load(answer)
print(json.dumps([[one["version"], bool(one.get("lts")), one["files"]] for one in found]))
"""


@dataclass(frozen=True)
class Build:
    """A version that can be fetched; `platforms` are those that it was built for."""

    version: str
    lts: bool
    platforms: frozenset[str]


@dataclass(frozen=True)
class Builds:
    """`here` is the official build that /opt/node names, "" for none; `problem` is why none can be fetched."""

    builds: tuple[Build, ...]
    here: str = ""
    problem: str = ""


def question(dist: str) -> Question[Builds]:
    """Ask `dist` for its builds, from the server."""
    fetch = fed(Command(f"python3 - {quote(f'{dist}/index.json')}"), _FETCH)
    text = f'basename -- "$(readlink {quote(HOME)} || echo none)"\n{fetch}'
    return Question("node_builds", Command(text), parse, timeout=TIMEOUT)


def parse(answer: Answer) -> Builds:
    """Never raises: builds that cannot be had are a `problem`."""
    here, _, listed = answer.out.partition("\n")
    version = here.removeprefix("node-v").partition("-")[0] if here.startswith("node-v") else ""
    try:
        found = json.loads(listed)
    except ValueError:
        said = answer.err.strip().splitlines() or ["it did not answer in time"]
        return Builds((), version, said[-1])
    builds = tuple(Build(one[0].removeprefix("v"), one[1], frozenset(one[2])) for one in found)
    return Builds(builds, version)
