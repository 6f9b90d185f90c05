"""Makes hosts, knows which there are, and ends them."""

from __future__ import annotations

from tests.vps.hosts import images
from tests.vps.hosts.machine import Image, Vps
from tests.vps.hosts.network import Slot


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
