"""Whether the server has a key for a private repository, and knows the forge that has it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from windlass.commands.users import as_user
from windlass.config.model import Config
from windlass.known_hosts import lookup_names
from windlass.question import Answer, Question
from windlass.shell import Command, quote


@dataclass(frozen=True)
class Forge:
    """The SSH server that a repository is fetched from."""

    host: str
    port: int

    @property
    def listed(self) -> str:
        """The name that known_hosts has it under."""
        return lookup_names(self.host, self.port)[0]


@dataclass(frozen=True)
class DeployKey:
    """`public` is the key's line, "" where there is none; `known`: the forge's host key is in known_hosts."""

    public: str
    known: bool


def forge(repository: str) -> Forge | None:
    """Where a repository is fetched from by SSH, None for every other way."""
    if found := re.fullmatch(r"ssh://(?:[^@/]+@)?(\[[^]]+\]|[^:/]+)(?::(\d+))?/.*", repository):
        return Forge(found[1].strip("[]"), int(found[2] or 22))
    if "://" in repository or repository.startswith(("/", ".")):
        return None
    found = re.fullmatch(r"(?:[^@/:]+@)?(\[[^]]+\]|[^:/]+):.+", repository)
    return Forge(found[1].strip("[]"), 22) if found else None


def file(config: Config, home: str) -> PurePosixPath:
    """The private key that git takes: `[git] key`, else what ssh takes by itself."""
    return PurePosixPath(config.git.key or f"{home}/.ssh/id_ed25519")


def question(config: Config) -> Question[DeployKey]:
    """Asked as the user who deploys."""
    place = forge(config.app.repository)
    key = quote(config.git.key) if config.git.key else '"$HOME"/.ssh/id_ed25519'
    known = f"ssh-keygen -F {quote(place.listed)} >/dev/null 2>&1" if place else "true"
    text = f"""\
if [ -r {key} ]; then
    {{ cat {key}.pub 2>/dev/null || ssh-keygen -yf {key}; }} | sed 's/^/public /'
fi
if {known}; then echo known; fi
"""
    return Question("deploy_key", as_user(config.setup.user, Command(text)), parse)


def parse(answer: Answer) -> DeployKey:
    lines = answer.out.splitlines()
    public = next((line.removeprefix("public ") for line in lines if line.startswith("public ")), "")
    return DeployKey(public.strip(), "known" in lines)
