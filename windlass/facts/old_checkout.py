"""The checkout in which the app runs by hand: what of it the first release needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from windlass.commands.users import ROOT, as_user
from windlass.config.model import Config
from windlass.question import Answer, Question
from windlass.shell import Command, quote


@dataclass(frozen=True)
class OldCheckout:
    """`env_files` are those that hold secrets; `assets`: there are hashed assets that nginx does not serve yet.

    `whose` may change what the folder leads to, "root" where nobody else may.
    """

    env_files: tuple[str, ...]
    assets: bool
    whose: str = ROOT


def question(config: Config, folder: PurePosixPath, whose: str) -> Question[OldCheckout]:
    """Asked as `whose` the folder is."""
    source = folder / config.nginx.assets_from
    place = config.layout.assets / config.nginx.assets_url.strip("/")
    text = f"""\
cd {quote(folder)}
for file in .env .env.*; do
    if [ -f "$file" ]; then echo "env $file"; fi
done
if [ -d {quote(source)} ]; then
    cd {quote(source)}
    find . -type f -print0 | while IFS= read -r -d '' file; do
        if [ ! -e {quote(place)}/"$file" ]; then echo assets; break; fi
    done
fi
"""
    return Question("old_checkout", as_seen_by(whose, Command(text)), partial(parse, whose=whose))


def as_seen_by(whose: str, command: Command) -> Command:
    """The command as the user whose folder it looks into."""
    return command if whose == ROOT else as_user(whose, command)


def parse(answer: Answer, *, whose: str = ROOT) -> OldCheckout:
    lines = answer.out.splitlines()
    files = tuple(line.removeprefix("env ") for line in lines if line.startswith("env "))
    return OldCheckout(
        tuple(name for name in files if not name.endswith(".example")), "assets" in lines, whose
    )
