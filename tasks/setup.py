"""Make a bare server ready, or take over one where the app runs by hand."""

from __future__ import annotations

from windlass import operations
from windlass.cli.call import Call
from windlass.cli.command import RUN, command


@command(
    RUN,
    iterable=["key"],
    key="a file with a public key that may log in as the app's user; may be repeated",
    database="PostgreSQL with a role and a database of the app's own, its URL in the server's .env",
    firewall="close every port but SSH's and nginx's (ufw)",
    tls="a certificate for [nginx] server_names, by certbot",
    email="the e-mail address for --tls (default: that of [setup])",
)
def setup(
    call: Call,
    key: list[str] | None = None,
    database: bool = False,
    firewall: bool = False,
    tls: bool = False,
    email: str = "",
) -> None:
    """Make a server ready for deploys; needs root or sudo."""
    call.run(operations.setup, keys=key or (), database=database, firewall=firewall, tls=tls, email=email)
