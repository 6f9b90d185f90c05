"""One VPS with each app twice, side by side: as Windlass keeps it, and as the runbook does."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from tests.apps.history import build_prompthub, build_tiny
from tests.bench.by_hand import App, ByHand
from tests.bench.windlass import Windlass
from tests.support.cache import cache_home
from tests.support.operator import Operator
from tests.vps.apps import prompthub
from tests.vps.apps.tiny import config_text
from tests.vps.hosts import images
from tests.vps.hosts.factory import VpsFactory
from tests.vps.hosts.machine import Vps
from tests.vps.hosts.network import Slot

SLOW = 30
"""How long the build of the tiny app's commit slow_build sleeps, in seconds."""

RATE = 100
"""Requests a second that visitors make while something is measured."""

TINY = App("tiny", "/srv/git/tiny.git", "server.mjs", port=3110, site=8081)
PROMPTHUB = App(
    "prompthub", prompthub.REPOSITORY, "node_modules/next/dist/bin/next start -p 3100",
    port=3100, site=8080, generates=True, built=".next",
)  # fmt: skip

# As long as they are by default, so that what is measured is what a user gets; what comes after "live" is short.
_HEALTH = {"start_timeout": 60, "min_healthy": 3, "min_healthy_known": 0.5}
_TINY_CONFIG = config_text(
    web={"ports": [3010, 3020]}, nginx={"listen": 81}, health=_HEALTH, soak={"seconds": 0.2}
)
_PROMPTHUB_CONFIG = f"""\
[app]
name = "prompthub"
repository = "{prompthub.REPOSITORY}"
[web]
drain = 5
[health]
revision = "commit"
[soak]
seconds = 0.2
[database]
kind = "prisma"
"""
_TINY_ENV = "PLAIN_SECRET=correct-horse-battery\n"


class Server:
    """What the rows measure on; each app is put there when a row first asks for it."""

    def __init__(self, vps: Vps, operator: Operator, folder: Path, say: Callable[[str], None]) -> None:
        self.vps, self.operator, self._folder, self._say = vps, operator, folder, say

    @cached_property
    def tiny(self) -> Windlass:
        """The small app, with `first` live."""
        self._say("setting up the small app")
        build_tiny(self._folder / "tiny.git", build_seconds=SLOW)
        self.vps.put(self._folder / "tiny.git", TINY.repository, owner="deploy")
        app = Windlass(self.vps, self.operator, "tiny", _TINY_CONFIG, 81, RATE)
        app.set_up(_TINY_ENV, "first")
        return app

    @cached_property
    def tiny_by_hand(self) -> ByHand:
        _ = self.tiny
        by_hand = ByHand(self.vps, self.operator, TINY, _TINY_ENV, RATE)
        by_hand.set_up("first")
        return by_hand

    @cached_property
    def prompthub(self) -> Windlass:
        """The example app, with `first` live."""
        self._say("setting up the example app")
        app = Windlass(self.vps, self.operator, "prompthub", _PROMPTHUB_CONFIG, 80, RATE)
        app.set_up(prompthub.ENV, "first")
        return app

    @cached_property
    def prompthub_by_hand(self) -> ByHand:
        _ = self.prompthub
        by_hand = ByHand(self.vps, self.operator, PROMPTHUB, prompthub.ENV, RATE)
        by_hand.set_up("first")
        return by_hand


@contextmanager
def server(say: Callable[[str], None]) -> Iterator[Server]:
    """A VPS that has both apps' repositories and npm's cache filled, until the context ends."""
    with tempfile.TemporaryDirectory(prefix="windlass-bench-") as name:
        folder = Path(name)
        slot = Slot(cache_home() / "disks")
        try:
            operator = Operator(folder)
            factory = VpsFactory(slot, images.base(slot), operator.public_key)
            try:
                say("booting a server")
                vps = _boot(factory, folder)
                operator.know(vps.address, vps.host_key)
                yield Server(vps, operator, folder, say)
            finally:
                factory.close()
        finally:
            slot.close()


def _boot(factory: VpsFactory, folder: Path) -> Vps:
    repository = folder / "prompthub.git"
    build_prompthub(repository)
    names = ("package.json", "package-lock.json")
    image = factory.with_npm_cache({name: prompthub.show(repository, "migration", name) for name in names})
    vps = factory.create(image)
    for place in ("/srv", "/root"):
        vps.plain_disk(place)
    vps.boot()
    vps.put(repository, prompthub.REPOSITORY, owner="deploy")
    return vps
