"""TCP to a server, without the delays that TCP adds to short messages."""

from __future__ import annotations

import socket

QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)  # Linux has it


class PromptSocket(socket.socket):
    """Acknowledges what it reads at once.

    sshd leaves Nagle's algorithm on for sessions without a terminal: its second short message waits for our
    acknowledgement of the first, which the kernel holds back for 40 ms.
    """

    def recv(self, size: int, flags: int = 0) -> bytes:
        data = super().recv(size, flags)
        if QUICK_ACK is not None and data:
            self.setsockopt(socket.IPPROTO_TCP, QUICK_ACK, 1)
        return data


def dial(address: str, port: int, timeout: float) -> PromptSocket:
    """Connect to the first address of the name that answers, each within `timeout` seconds; raises OSError.

    Paramiko's own dialling stops at the first address without a route.
    """
    plain = socket.create_connection((address, port), timeout)
    prompt = PromptSocket(plain.family, plain.type, plain.proto, fileno=plain.detach())
    prompt.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return prompt
