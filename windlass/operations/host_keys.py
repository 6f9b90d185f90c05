"""Host keys: whom to believe to be the server."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from windlass.address import HostSpec
from windlass.errors import HostKeyRefused, UsageError
from windlass.remote.ssh import fetch_host_key
from windlass.remote.trust import add, needs_consent, read_fingerprint
from windlass.tell import tell


def trust(hosts: Sequence[HostSpec], *, fingerprint: str = "", replace: bool = False) -> int:
    """Show each server's host key and, on a yes, add it to known_hosts.

    A `fingerprint`, that of the one host, takes the place of the yes; `replace` takes out a key that has changed.
    Raises UsageError for no host, for a fingerprint that is none or of several hosts, and where nobody could say
    yes; HostKeyRefused for a no.
    """
    if not hosts:
        raise UsageError("no host: trust wants to be told which", hint="fab trust -H [user@]host[:port]")
    expected = read_fingerprint(fingerprint) if fingerprint else ""
    if expected and len(hosts) > 1:
        raise UsageError("--fingerprint is that of one host, and -H names more", hint="one at a time")
    for host in hosts:
        _trust(host, expected, replace)
    return 0


def _trust(host: HostSpec, fingerprint: str, replace: bool) -> None:
    candidate = fetch_host_key(host)
    title = f"{candidate.key.label} for {candidate.listed}"
    known = candidate.verdict.entry
    if candidate.verdict.state == "changed" and known:
        title += f" (known until now: {known.key.label})"
    if needs_consent(candidate, fingerprint=fingerprint, replace=replace) and not _says_yes(host.name, title):
        raise HostKeyRefused(f"{host.name} was not trusted; nothing was added")
    if candidate.verdict.state == "trusted":
        tell(f"{host.name} is trusted already: {title}")
        return
    add(candidate)
    tell(f"{host.name} is trusted now: {title}, in {candidate.file}")


def _says_yes(name: str, title: str) -> bool:
    if not sys.stdin.isatty():
        raise UsageError(
            f"{name} shows {title}; nobody is there to say yes, and nothing was added",
            hint=f"compare it with the server's own, then: fab trust -H {name} --fingerprint SHA256:…",
        )
    tell(f"{name} shows {title}")
    tell(
        "Compare it on the server (its provider's console): ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"
    )
    try:
        return input("Is it the same? Type yes to trust it: ").strip().lower() == "yes"
    except EOFError:
        return False
