"""The key that a server shows before anybody logs in, for `trust`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from windlass.address import HostSpec
from windlass.known_hosts import HostKey, Verdict
from windlass.ssh.peer import Peer
from windlass.ssh.route import close_all, plan_route
from windlass.ssh.translation import translated
from windlass.ssh.verify import Trust, host_key, transport_factory


@dataclass(frozen=True)
class Offer:
    """A key, and what is known of it."""

    peer: Peer
    key: HostKey
    trust: Trust

    @property
    def verdict(self) -> Verdict:
        return self.trust.judge(self.key)


def fetch_host_key(
    host: HostSpec, *, timeout: float = 10, config_file: Path | None = None, identities: Sequence[Path] = ()
) -> Offer:
    """Ask a server for its host key without logging in; jump hosts before it must be known already.

    Raises as `connect` does.
    """
    *before, last = plan_route(host, timeout, config_file, identities)
    try:
        for hop in before:
            hop.open()
        with translated(last.peer):
            transport = transport_factory(last.trust, timeout)(last.dial())
            try:
                transport.start_client(timeout=timeout)
                return Offer(last.peer, host_key(transport.get_remote_server_key()), last.trust)
            finally:
                transport.close()
    finally:
        close_all(before)
