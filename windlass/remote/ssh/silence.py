"""A connection that is gone is noticed, however little is sent over it."""

from __future__ import annotations

import socket
from typing import Any

USER_TIMEOUT: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)  # Linux has it


def give_up_after(transport: Any, seconds: float) -> None:
    """Have something sent when nothing else is, and the connection end where that is not acknowledged in time."""
    transport.set_keepalive(max(1, round(seconds / 3)))
    if USER_TIMEOUT is not None and isinstance(transport.sock, socket.socket):
        transport.sock.setsockopt(socket.IPPROTO_TCP, USER_TIMEOUT, round(seconds * 1000))
