"""Fixtures of the real-server tier."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.cache import cache_home
from tests.support.operator import Operator
from tests.support.tiers import require
from tests.vps import images
from tests.vps.app import deployed, deployed_image, ready, ready_image, shared_host, tiny_commits, unharmed
from tests.vps.machine import Image, Vps
from tests.vps.million import million_image, million_server
from tests.vps.needs import lacks
from tests.vps.network import Slot
from tests.vps.prompthub import prompthub_hosts, prompthub_image

__all__ = [
    "deployed",
    "deployed_image",
    "million_image",
    "million_server",
    "prompthub_hosts",
    "prompthub_image",
    "ready",
    "ready_image",
    "shared_host",
    "tiny_commits",
    "unharmed",
]


class VpsFactory:
    """Makes hosts that the operator may log in to as root and as deploy, and ends them all at `close`."""

    def __init__(self, slot: Slot, base: Image, authorized_key: str) -> None:
        self.slot = slot
        self.base = base
        self._authorized_key = authorized_key
        self._hosts: list[Vps] = []

    def create(self, image: Image | None = None) -> Vps:
        """A host that is off, with the plain image if none is given."""
        host = Vps(self.slot, image or self.base, self._authorized_key)
        self._hosts.append(host)
        return host

    def boot(self, image: Image | None = None) -> Vps:
        """A host that is on."""
        return self.create(image).boot()

    def boot_bare(self, image: Image) -> Vps:
        """A host that is on and lets the operator in as root alone."""
        host = Vps(self.slot, image)
        self._hosts.append(host)
        host.authorize(self._authorized_key, "root")
        return host.boot()

    def freeze(self, host: Vps) -> Image:
        """End a host, shut down first if it is on, and return an image of its disk for this session."""
        if host.running:
            host.poweroff()
        self._hosts.remove(host)
        return host.freeze(self.slot.disks / f"{host.name}-frozen")

    def with_npm_cache(self, manifests: dict[str, str], image: Image | None = None) -> Image:
        """The image with deploy's npm cache filled; see `images.with_npm_cache`."""
        return images.with_npm_cache(self.slot, image or self.base, manifests)

    def close(self) -> None:
        while self._hosts:
            self._hosts.pop().destroy()


@pytest.fixture(scope="session")
def vps_slot() -> Iterator[Slot]:
    """The run's network. Needs root and the tools, else the tier is skipped (under CI: fails)."""
    lack = lacks()
    require(not lack, lack)
    slot = Slot(cache_home() / "disks")
    yield slot
    slot.close()


@pytest.fixture(scope="session")
def vps_images(vps_slot: Slot, operator_session: Operator) -> Iterator[VpsFactory]:
    """For session fixtures that prepare an image once; its hosts live until the session ends."""
    factory = VpsFactory(vps_slot, images.base(vps_slot), operator_session.public_key)
    yield factory
    factory.close()


@pytest.fixture
def vps_factory(vps_images: VpsFactory, operator_session: Operator) -> Iterator[VpsFactory]:
    """Makes hosts that end with the test."""
    factory = VpsFactory(vps_images.slot, vps_images.base, operator_session.public_key)
    yield factory
    factory.close()


@pytest.fixture
def vps(vps_factory: VpsFactory) -> Vps:
    """A fresh host that is on."""
    return vps_factory.boot()
