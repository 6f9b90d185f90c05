"""One HTTP request to this machine, bounded as a whole, redirects not followed."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field, replace

BODY_LIMIT = 256 * 1024
"""Bytes of a body that are looked at."""


@dataclass(frozen=True)
class Reply:
    """What came back: `status` 0 means that no answer did, and `error` says why in plain words."""

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    error: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        if not self.status:
            return self.error
        page = self.body.lstrip().startswith("<")  # markup says nothing to whoever reads one line
        text = "a page" if page else " ".join(self.body.split())[:200]
        return f"status {self.status}" + (f", body: {text}" if text else ", an empty body")


def get(
    port: int,
    path: str,
    headers: dict[str, str],
    timeout: float,
    *,
    address: str = "127.0.0.1",
    server_name: str | None = None,
) -> Reply:
    """Ask once; `timeout` (seconds) covers connecting, headers and body together.

    With `server_name` it speaks TLS with that SNI; the certificate is not judged: it is our own machine.
    Header names of the reply are in lower case.
    """
    began = time.monotonic()
    expired = threading.Event()
    request = {"Connection": "close", "User-Agent": "windlass", **headers}
    try:
        with _connect(address, port, timeout, server_name) as connected:
            alarm = threading.Timer(began + timeout - time.monotonic(), _expire, (connected, expired))
            alarm.daemon = True
            alarm.start()
            try:
                reply = _exchange(connected, path, request)
            finally:
                alarm.cancel()
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = expired.is_set() or isinstance(error, socket.timeout)  # no TimeoutError before 3.10
        reply = Reply(0, error=f"no answer within {timeout:g} s" if late else _explain(error))
    if expired.is_set() and reply.status:
        reply = Reply(0, error=f"no whole answer within {timeout:g} s")
    return replace(reply, seconds=time.monotonic() - began)


def _exchange(connected: socket.socket, path: str, headers: dict[str, str]) -> Reply:
    connection = http.client.HTTPConnection("localhost")
    connection.sock = connected
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read(BODY_LIMIT).decode("utf-8", "replace")
    return Reply(answer.status, body, {name.lower(): value for name, value in answer.getheaders()})


def _connect(address: str, port: int, timeout: float, server_name: str | None) -> socket.socket:
    plain = socket.create_connection((address, port), timeout)
    if server_name is None:
        return plain
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        return context.wrap_socket(plain, server_hostname=server_name)
    except BaseException:
        plain.close()
        raise


def _expire(connected: socket.socket, expired: threading.Event) -> None:
    """A server that sends a byte now and then never trips a socket's own time-out."""
    expired.set()
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connected, socket.SHUT_RDWR)  # not TLS's own, which another thread is inside


def _explain(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, (http.client.RemoteDisconnected, ConnectionError)):
        return "the connection was closed without an answer"
    return f"no proper HTTP answer ({type(error).__name__}: {error})"
