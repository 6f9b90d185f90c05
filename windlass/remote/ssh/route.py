"""From a host's name to connections: ssh_config, the jump hosts on the way, and who is trusted at each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabric import Config, Connection
from paramiko.config import SSHConfig

from windlass.address import HostSpec, parse_host
from windlass.remote.ssh import settings
from windlass.remote.ssh.dial import dial
from windlass.remote.ssh.keys import Keys
from windlass.remote.ssh.peer import Peer
from windlass.remote.ssh.translation import translated
from windlass.remote.ssh.verify import OnlyKnown, Trust, transport_factory


@dataclass(frozen=True)
class Hop:
    """One server on the way, the last being the host itself; not connected until `open`."""

    connection: Connection
    peer: Peer
    settings: settings.Settings
    trust: Trust

    def dial(self) -> Any:
        """A socket to the server: straight, through the hop before, or by its ProxyCommand."""
        if self.connection.gateway:
            return self.connection.open_gateway()
        return dial(self.peer.address, self.peer.port, self.peer.timeout)

    def open(self) -> None:
        """Connect, check the host key, authenticate; raises a WindlassError that names this hop."""
        with translated(self.peer):
            if not self.connection.gateway:
                self.connection.connect_kwargs["sock"] = self.dial()
            self.connection.open()

    def close(self) -> None:
        """Close without a word to the server, which may not be there any more."""
        client = self.connection.client
        transport = client.get_transport()
        if transport is not None:
            transport.close()
        sock = self.connection.connect_kwargs.get("sock")
        if sock is not None:
            sock.close()


def plan_route(
    host: HostSpec, timeout: float, config_file: Path | None, identities: Sequence[Path]
) -> list[Hop]:
    """The hops to a host, the first to connect to first; a WindlassError for files that are no good."""
    with translated(Peer(host.name, host.user or "", host.host, host.port or 22, timeout)):
        config = settings.read(config_file)
        names = settings.jumps(config, host.host)
        hops: list[Hop] = []
        for spec in [*map(parse_host, names), host]:
            hops.append(_hop(spec, config, hops[-1].connection if hops else None, timeout, tuple(identities)))
        return hops


def close_all(hops: Iterable[Hop]) -> None:
    """Close hops, the last first."""
    for hop in reversed(list(hops)):
        hop.close()


def _hop(
    spec: HostSpec,
    config: SSHConfig,
    gateway: Connection | None,
    timeout: float,
    identities: tuple[Path, ...],
) -> Hop:
    found = settings.lookup(config, spec.host)
    address = found.text("hostname", spec.host)
    port = spec.port or int(found.text("port", "22"))
    trust = Trust.of(found, address, port)
    names = (*settings.plain_names(config), *trust.known.readable_names())
    fabric_config = Config(lazy=True, ssh_config=config)
    user = spec.user or found.text("user", fabric_config.user)
    peer = Peer(spec.name, user, address, port, timeout, names)
    keys = Keys(found, peer, identities)
    fabric_config.authentication = {"strategy_class": lambda **_: keys, "identities": []}
    connection = Connection(
        spec.host,
        user=user,
        port=port,
        config=fabric_config,
        gateway=gateway or found.text("proxycommand") or False,
        forward_agent=False,
        connect_timeout=max(1, round(timeout)),
        connect_kwargs={
            "transport_factory": transport_factory(trust, timeout),
            "auth_timeout": timeout,
            "channel_timeout": timeout,
        },
    )
    # The client that Fabric brings accepts any key, known or not.
    connection.client.set_missing_host_key_policy(OnlyKnown(trust, peer))
    return Hop(connection, peer, found, trust)
