"""A small HTTP/1.1 client for the load generator: tells apart what breaks on the wire, retries nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

_HEAD_LIMIT = 1 << 16


@dataclass(frozen=True)
class Response:
    """A whole answer; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


class Broken(Exception):
    """No whole answer came; the text says what happened instead."""


class ClosedWhileIdle(Broken):
    """A kept-alive connection was closed before an answer began: a browser would try once more."""


class Connection:
    """One TCP connection, reused for as long as the server allows."""

    def __init__(self, address: str, port: int) -> None:
        self._address, self._port = address, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._used = False

    async def get(self, path: str, host: str) -> Response:
        """GET a path; Broken if no whole answer comes. Connects first if it must."""
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: windlass-load\r\nAccept: */*\r\n\r\n"
        try:
            reader, writer = await self._connected()
            reused, self._used = self._used, True
            writer.write(request.encode())
            head = await self._head(reader, reused)
            response = Response(*_parse(head), await _body(reader, head))
        except BaseException as broken:
            self.close()
            if isinstance(broken, OSError | EOFError | ValueError | IndexError | asyncio.LimitOverrunError):
                raise Broken(_reason(broken)) from broken
            raise
        if response.headers.get("connection", "").lower() == "close":
            self.close()
        return response

    def close(self) -> None:
        """Hang up; the next request connects anew."""
        if self._streams:
            self._streams[1].close()
        self._streams, self._used = None, False

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._address, self._port, limit=_HEAD_LIMIT)
        return self._streams

    async def _head(self, reader: asyncio.StreamReader, reused: bool) -> bytes:
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as cut:
            if reused and not cut.partial:
                raise ClosedWhileIdle("kept-alive connection closed") from cut
            raise
        except ConnectionResetError as reset:
            if reused:
                raise ClosedWhileIdle("kept-alive connection reset") from reset
            raise


def _parse(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return int(first.split(" ", 2)[1]), {name.lower(): value.strip() for name, _, value in pairs}


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    status, headers = _parse(head)
    if status in (204, 304):
        return b""
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.read()
    parts = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return b"".join(parts)


def _reason(broken: BaseException) -> str:
    if isinstance(broken, ConnectionRefusedError):
        return "refused"
    if isinstance(broken, ConnectionResetError | BrokenPipeError):
        return "reset"
    if isinstance(broken, asyncio.IncompleteReadError):
        return f"cut after {len(broken.partial)} bytes" if broken.partial else "closed without an answer"
    return f"{type(broken).__name__}: {broken}"
