"""What to say, and what to type next, once a server is set up."""

from __future__ import annotations

import re

from windlass.config.model import Config
from windlass.facts.deploy_key import forge
from windlass.facts.state import State
from windlass.plans import units
from windlass.plans.setup import adoption
from windlass.plans.setup.base import needs_key
from windlass.plans.setup.seen import Seen
from windlass.plans.setup.wishes import Wishes


def outlook(config: Config, wishes: Wishes, seen: Seen, host: str) -> tuple[str, str]:
    """The message and the hint of a plan that ends well: one step for the person, the rest after that."""
    address = host.rpartition("@")[2]
    deploy = f"fab deploy -H {config.setup.user}@{address}"
    said, todo = [], []
    if back := adoption.way_back(config, seen.site.old):
        said.append(f"the site before this one comes back with: {back}")
    if needs_key(config) and seen.package.problem:
        said.append(f"the server cannot read {config.app.repository} yet")
        todo += _key(config, wishes, seen)
    if not _has_env(config, wishes, seen):
        todo.append(f"the app's variables: fab env.push FILE -H {config.setup.user}@{address}")
    if moves(config, seen.state):
        todo.append(
            f"what runs moves to {config.web.supervisor} with: fab restart -H {config.setup.user}@{address}"
        )
    elif seen.units and seen.state.live and units.lacks(config.counted(seen.site.nginx.cpus), seen.units):
        todo.append(f"what runs goes by it with: fab restart -H {config.setup.user}@{address}")
    if seen.state.live:
        return "; ".join(said), "; ".join(todo)
    process = seen.site.old.process if seen.site.old else None
    then = f"; then fab setup -H {host} again removes the old process" if process else ""
    return "; ".join(said), "; ".join([*todo, deploy + then])


def moves(config: Config, state: State) -> bool:
    """Whether what is live was started by another supervisor than the one that starts the next."""
    there = state.manifests.get(state.slot)
    return bool(state.live) and (there.supervisor if there else "pm2") != config.web.supervisor


def _key(config: Config, wishes: Wishes, seen: Seen) -> list[str]:
    place = forge(config.app.repository)
    todo = []
    if place and not seen.base.key.known and not wishes.forge_keys:
        todo.append(
            f"on the server, as {config.setup.user}: ssh-keyscan {place.host} >>~/.ssh/known_hosts, "
            "and compare the key with what the forge says of itself"
        )
    if seen.base.key.public:
        todo.append(f"add this key at {_page(config)}, to read only: {seen.base.key.public}")
    return todo


def _page(config: Config) -> str:
    """Where a forge wants the key, as far as that is known."""
    found = re.fullmatch(
        r"(?:ssh://)?git@(github\.com|gitlab\.com)[:/](.+?)(?:\.git)?", config.app.repository
    )
    if not found:
        return "the forge"
    pages = {"github.com": "settings/keys/new", "gitlab.com": "-/settings/repository"}
    return f"https://{found[1]}/{found[2]}/{pages[found[1]]}"


def _has_env(config: Config, wishes: Wishes, seen: Seen) -> bool:
    """Whether all that a deploy asks of `.env` is there, or comes with this run."""
    if ".env" not in config.shared.files:
        return True
    copied = seen.checkout is not None and ".env" in seen.checkout.env_files
    made = {config.database.url} if wishes.database else set()
    missing = set(config.shared.required) - seen.state.env_keys - made
    there = seen.state.env_version is not None
    return copied if not there and copied else (there or bool(made)) and not missing
