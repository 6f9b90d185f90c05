"""What the app's package.json asks for, before there is a checkout of it on the server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import PurePosixPath

from windlass.commands import git
from windlass.commands.users import as_user
from windlass.config.model import Config
from windlass.facts.old_checkout import as_seen_by
from windlass.question import Answer, Question
from windlass.shell import Command, cmd, quote

TIMEOUT = 60


@dataclass(frozen=True)
class PackageJson:
    """`node` is what engines.node asks for, "" for anything; `problem` is why it could not be read."""

    node: str = ""
    problem: str = ""


def question(config: Config, branch: str) -> Question[PackageJson]:
    """Fetch the newest commit alone into a folder that goes away again, as the user who deploys would fetch it."""
    file = PurePosixPath(config.app.directory) / "package.json"
    fetch = cmd("git", "fetch", "--quiet", "--depth", "1", config.app.repository, branch)
    text = f"""\
{git.transport(config.git.key)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
git init --quiet
timeout {TIMEOUT - 10} {fetch}
git cat-file blob FETCH_HEAD:{quote(file)}
"""
    command = Command(text)
    if not config.ssh.forward_agent:
        command = as_user(config.setup.user, command)
    return Question("package_json", command, parse, timeout=TIMEOUT, environment=("ssh",))


def at(folder: PurePosixPath, whose: str) -> Question[PackageJson]:
    """Read that of a checkout on the server, as `whose` it is."""
    return Question("package_json", as_seen_by(whose, cmd("cat", folder / "package.json")), parse)


def parse(answer: Answer) -> PackageJson:
    """Never raises: what cannot be read is a `problem`."""
    if answer.code:
        said = [line for line in answer.err.splitlines() if line.strip()]
        return PackageJson(problem=" ".join(said)[-300:] or "no answer in time")
    return read(answer.out)


def read(text: str) -> PackageJson:
    """Of the file's text."""
    try:
        found = json.loads(text)
        engines = found.get("engines") or {}
        return PackageJson(str(engines.get("node", "")))
    except (ValueError, AttributeError):
        return PackageJson(problem="it is not JSON as npm reads it")
