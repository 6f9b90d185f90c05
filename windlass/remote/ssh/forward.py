"""The operator's ssh-agent, lent to a command on the server.

Paramiko's own forwarding keeps the process from ending, and prints a traceback where the agent is gone.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

from paramiko import SSHException

LONGEST_MESSAGE = 256 * 1024  # as OpenSSH's agent


def forward_agent(channel: Any, path: str) -> None:
    """Ask the server to offer the agent at this socket to what the channel will run."""

    def lend(remote: Any) -> None:
        threading.Thread(target=_lend, args=(remote, path), daemon=True).start()

    channel.request_forward_agent(lend)


def _lend(remote: Any, path: str) -> None:
    """Answer the server's requests, one after the other, until either side is gone."""
    with (
        contextlib.suppress(OSError, EOFError, SSHException),
        contextlib.closing(remote),
        socket.socket(socket.AF_UNIX) as agent,
    ):
        agent.connect(path)
        while True:
            agent.sendall(_message(remote.recv))
            remote.sendall(_message(agent.recv))


def _message(receive: Callable[[int], bytes]) -> bytes:
    """One message of the agent's protocol, with the four bytes that tell its length."""
    header = _exactly(receive, 4)
    size = int.from_bytes(header, "big")
    if size > LONGEST_MESSAGE:
        raise EOFError
    return header + _exactly(receive, size)


def _exactly(receive: Callable[[int], bytes], size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = receive(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data
