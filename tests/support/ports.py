"""Ports of loopback for what tests start."""

from __future__ import annotations

import random
import socket

_BELOW_THOSE_OF_CONNECTIONS = range(20000, 32000)
"""The kernel takes the ports above for the near ends of connections, at any moment."""

_given: set[int] = set()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses now and that this process was not given before."""
    while True:
        port = random.SystemRandom().choice(_BELOW_THOSE_OF_CONNECTIONS)
        if port not in _given and _unused(port):
            _given.add(port)
            return port


def free_ports(count: int) -> range:
    """So many in a row."""
    while True:
        found = range(first := free_port(), first + count)
        if not _given & set(found[1:]) and all(map(_unused, found)):
            _given.update(found)
            return found


def _unused(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
