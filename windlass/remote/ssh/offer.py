"""The key that a server shows before anybody logs in, for `trust`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from windlass.address import HostSpec
from windlass.remote.ssh.route import close_all, plan_route
from windlass.remote.ssh.translation import translated
from windlass.remote.ssh.verify import host_key, transport_factory
from windlass.remote.trust import Candidate


def fetch_host_key(
    host: HostSpec, *, timeout: float = 10, config_file: Path | None = None, identities: Sequence[Path] = ()
) -> Candidate:
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
                key = host_key(transport.get_remote_server_key())
            finally:
                transport.close()
    finally:
        close_all(before)
    trust = last.trust
    return Candidate(host.name, trust.names[0], key, trust.judge(key), trust.file, trust.hashed)
