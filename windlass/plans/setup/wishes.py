"""What was asked for on the command line, beside what every server needs."""

from __future__ import annotations

from dataclasses import dataclass

from windlass.config.model import Config
from windlass.errors import UsageError


@dataclass(frozen=True)
class Wishes:
    """`keys` are lines of authorized_keys beside those of the config.

    `forge_keys` are the lines by which the operator's known_hosts knows the server of the repository.
    """

    keys: tuple[str, ...] = ()
    database: bool = False
    firewall: bool = False
    tls: bool = False
    email: str = ""
    forge_keys: tuple[str, ...] = ()


def check(config: Config, wishes: Wishes) -> None:
    """Raise UsageError for what cannot be done with this config, before any server is touched."""
    if wishes.email and not wishes.tls:
        raise UsageError("--email is for the certificate that --tls asks for; nothing was touched")
    if not wishes.tls:
        return
    names = [name for name in config.nginx.server_names if name == "_" or "*" in name or "." not in name]
    if names:
        raise UsageError(
            f"a certificate is for names, and [nginx] server_names holds {names[0]!r}; nothing was touched",
            hint='server_names = ["app.example.com"], the names that point to this server',
        )
    if not config.nginx.tls:
        live = f"/etc/letsencrypt/live/{certificate_name(config)}"
        raise UsageError(
            "the config does not say where the certificate is; nothing was touched",
            hint=f'in [nginx]: certificate = "{live}/fullchain.pem" and certificate_key = "{live}/privkey.pem"',
        )
    if not (wishes.email or config.setup.email):
        raise UsageError(
            "the certificate authority wants an e-mail address; nothing was touched",
            hint="--email ana@example.com, or email in [setup]",
        )


def certificate_name(config: Config) -> str:
    """What certbot calls the certificate, and its folder below /etc/letsencrypt/live."""
    return config.nginx.server_names[0]
