"""One command on the server: bytes in, bytes out, an exit status."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from paramiko import SSHException

from windlass.remote.ssh.peer import Peer
from windlass.remote.ssh.translation import cut, translated

KEPT_STDERR = 64 * 1024
PIECE = 64 * 1024


class Channel:
    """A running command without a terminal.

    One thread may receive while another sends. What the command writes to standard error is read whenever
    `receive` is called, and its last 64 KiB are kept.
    """

    def __init__(self, channel: Any, peer: Peer, on_close: Callable[[], None] = lambda: None) -> None:
        self._channel = channel
        self._peer = peer
        self._on_close = on_close
        self._stderr = bytearray()
        self._sending = threading.Lock()
        self._closed = False

    def send(self, data: bytes) -> None:
        """Send all of it, waiting while the server does not read.

        What a command that has ended no longer reads is dropped: `receive` tells its end. Raises
        ConnectionFailed if the connection was cut.
        """
        rest = memoryview(data)
        with self._sending, translated(self._peer):
            while rest:
                try:
                    # Bytes, for Paramiko takes no view; no more than goes into one packet.
                    sent = self._channel.send(bytes(rest[:PIECE]))
                except TimeoutError:
                    continue  # the time-out is the receiver's: Paramiko has one for both directions
                except OSError:
                    sent = 0
                if not sent:
                    self._check_alive()
                    return
                rest = rest[sent:]

    def shutdown_write(self) -> None:
        """End the command's standard input."""
        with self._sending, translated(self._peer):
            self._channel.shutdown_write()

    def receive(self, timeout: float) -> bytes | None:
        """What has arrived: b"" at the end of the output, None if nothing came within `timeout` seconds.

        Raises ConnectionFailed if the connection was cut.
        """
        self._drain_stderr()
        self._channel.settimeout(max(timeout, 0.001))
        try:
            data: bytes = self._channel.recv(PIECE)
        except TimeoutError:
            return None
        except (OSError, EOFError) as error:
            raise cut(self._peer, str(error)) from error
        self._drain_stderr()
        if not data and not self._ended_by_itself():
            raise cut(self._peer)
        return data

    def errors(self) -> str:
        """The end of what the command wrote to standard error."""
        self._drain_stderr()
        return self._stderr.decode(errors="replace")

    def exit_status(self, timeout: float = 5) -> int | None:
        """The command's exit status; None if it is unknown after `timeout` seconds, or a signal ended it."""
        if not self._channel.status_event.wait(timeout):
            return None
        status: int = self._channel.exit_status
        return status if status >= 0 else None

    def close(self) -> None:
        """Close both directions; the command sees the end of its input. Does not wait for it."""
        self._closed = True
        try:
            self._channel.close()
        except (OSError, EOFError, SSHException):
            pass  # nobody is there to be told
        finally:
            self._on_close()

    def _check_alive(self) -> None:
        if not self._channel.get_transport().is_active():
            raise cut(self._peer)

    def _ended_by_itself(self) -> bool:
        """Whether either side ended the output, which a connection that was cut did not get to say."""
        return bool(self._closed or self._channel.eof_received)

    def _drain_stderr(self) -> None:
        while self._channel.recv_stderr_ready():
            piece = self._channel.recv_stderr(PIECE)
            if not piece:
                return
            self._stderr += piece
            del self._stderr[:-KEPT_STDERR]
