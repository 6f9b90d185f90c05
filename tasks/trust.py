"""Host keys: whom to believe to be the server."""

from __future__ import annotations

from windlass import operations
from windlass.cli.call import Call
from windlass.cli.command import command
from windlass.remote.hosts import parse_hosts


@command(
    fingerprint="add the key if this is its fingerprint (SHA256:…), without asking",
    replace="the host's key has changed and this is known: the old one is taken out",
)
def trust(call: Call, fingerprint: str = "", replace: bool = False) -> None:
    """Show a server's host key and, on a yes, add it to known_hosts."""
    hosts = parse_hosts(call.hosts) if call.hosts is not None else []
    call.end(operations.trust(hosts, fingerprint=fingerprint, replace=replace))
