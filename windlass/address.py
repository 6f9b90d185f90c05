"""A server as an operator writes it: `[user@]host[:port]`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address

_ADDRESS = re.compile(
    r"(?:(?P<user>[A-Za-z_][\w.-]*)@)?"
    r"(?:(?P<host>[A-Za-z0-9_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*\.?)|\[(?P<ipv6>[0-9A-Fa-f:.]+(?:%[\w.-]+)?)\])"
    r"(?::(?P<port>\d+))?",
    re.ASCII,
)


@dataclass(frozen=True)
class HostSpec:
    """A host; `name` is what the operator wrote, a user or port of None is left to the SSH configuration."""

    user: str | None
    host: str
    port: int | None
    name: str

    @property
    def place(self) -> tuple[str, int]:
        """What tells two hosts apart: names are compared without case, no port is port 22."""
        return self.host.lower(), self.port or 22


def parse_host(text: str) -> HostSpec:
    """Read `[user@]host[:port]`, an IPv6 address in brackets; ValueError says what is wrong with it."""
    match = _ADDRESS.fullmatch(text)
    if match is None or (match["ipv6"] and not _is_ipv6(match["ipv6"])):
        raise ValueError(_what_is_wrong(text))
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 1 <= port <= 65535:
        raise ValueError(f"{port} is not a port")
    return HostSpec(match["user"], match["host"] or match["ipv6"], port, text)


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _what_is_wrong(text: str) -> str:
    if not text.strip():
        return "an empty text is not a host"
    user, at, address = text.rpartition("@")
    if _is_ipv6(address):
        return f"{text!r} is not a host: write an IPv6 address in brackets, {user + at}[{address}]"
    return f"{text!r} is not a host: [user@]host[:port]"
