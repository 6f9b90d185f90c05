"""Certificates by certbot, asked for through the site's own challenge folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from windlass.shell import Command, all_of, cmd

WEBROOT = PurePosixPath("/var/www/html")
"""Where the nginx site serves challenges from."""


def obtain(name: str, domains: Iterable[str], email: str, server: str) -> Command:
    """Ask for a certificate; it renews itself by certbot's timer, and nginx reads the new one."""
    names = [word for domain in domains for word in ("--domain", domain)]
    words: tuple[str | PurePosixPath, ...] = (
        "certbot", "certonly", "--non-interactive", "--agree-tos", "--keep-until-expiring", "--webroot",
        "--webroot-path", WEBROOT, "--cert-name", name, *names, "--email", email, "--server", server,
        "--deploy-hook", "systemctl reload nginx",
    )  # fmt: skip
    return all_of(cmd("mkdir", "-p", WEBROOT), cmd(*words))
