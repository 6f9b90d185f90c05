"""A port of this machine whose connections come out on the server."""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import socket
import threading
from collections.abc import Callable
from typing import Any

from paramiko import SSHException

from windlass.errors import UsageError, WindlassError
from windlass.remote.ssh.link import Link
from windlass.remote.ssh.translation import cut, translated

HERE = "127.0.0.1"
PIECE = 64 * 1024
PAUSE = 0.5
"""Seconds between two looks at whether the connection is up."""

RELAY = """
import os, select, socket, sys
there = socket.socket(socket.AF_UNIX)
there.connect(sys.argv[1])
while True:
    for ready in select.select([0, there], [], [])[0]:
        data = os.read(0, 65536) if ready == 0 else there.recv(65536)
        if not data:
            sys.exit()
        if ready == 0:
            there.sendall(data)
        else:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
"""
"""Paramiko cannot ask sshd to connect to a Unix socket, so a program does."""


class Tunnel:
    """Listens on 127.0.0.1 from the start; `port` says where.

    `there` is a host and a port as the server sees them, or the path of a Unix socket on it. Raises UsageError for
    a port of this machine that cannot be had.
    """

    def __init__(self, link: Link, there: tuple[str, int] | str, port: int = 0) -> None:
        self._link, self._there = link, there
        try:
            self._listener = socket.create_server((HERE, port))
        except (OSError, OverflowError) as error:
            why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
            raise UsageError(
                f"port {port} of this machine cannot be had: {why}",
                hint="--port with another, or without --port",
            ) from None
        self.port: int = self._listener.getsockname()[1]

    def serve(self, complain: Callable[[WindlassError], None]) -> None:
        """Pass connections on until Ctrl-C; `complain` hears of those that were not taken at the other end.

        Raises ConnectionFailed once the connection to the server is gone.
        """
        with self._listener:
            while self._link.alive:
                if select.select([self._listener], [], [], PAUSE)[0]:
                    near, _ = self._listener.accept()
                    threading.Thread(target=self._connect, args=(near, complain), daemon=True).start()
        raise cut(self._link.peer)

    def _connect(self, near: socket.socket, complain: Callable[[WindlassError], None]) -> None:
        with near:
            try:
                with translated(self._link.peer):
                    far = self._open(near.getpeername())
            except WindlassError as error:
                complain(error)
                return
            with contextlib.closing(far), contextlib.suppress(OSError, EOFError, SSHException):
                _pass_on(near, far)

    def _open(self, origin: tuple[str, int]) -> Any:
        if isinstance(self._there, str):
            return self._link.start(f"exec python3 -c {shlex.quote(RELAY)} {shlex.quote(self._there)}")
        return self._link.reach(self._there, origin)


def _pass_on(near: socket.socket, far: Any) -> None:
    """Carry bytes both ways until either side has no more to say."""
    while True:
        for ready in select.select([near, far], [], [])[0]:
            data = ready.recv(PIECE)
            if not data:
                return
            (far if ready is near else near).sendall(data)
