"""Fixtures of the real-server tier."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.cache import cache_home
from tests.support.operator import Operator
from tests.support.tiers import require
from tests.vps.apps.million import million_image, million_server
from tests.vps.apps.prompthub import prompthub_hosts, prompthub_image
from tests.vps.apps.supervised import supervised_image
from tests.vps.apps.tiny import (
    bench,
    deployed,
    deployed_image,
    ready,
    ready_image,
    shared_host,
    tiny_commits,
    unharmed,
)
from tests.vps.hosts import images
from tests.vps.hosts.factory import VpsFactory
from tests.vps.hosts.machine import Vps
from tests.vps.hosts.needs import lacks
from tests.vps.hosts.network import Slot

__all__ = [
    "bench",
    "deployed",
    "deployed_image",
    "million_image",
    "million_server",
    "prompthub_hosts",
    "prompthub_image",
    "ready",
    "ready_image",
    "shared_host",
    "supervised_image",
    "tiny_commits",
    "unharmed",
]


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
