"""A long way to a server: a TCP proxy on this machine that delays each direction, and counts the turns."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

Note = Callable[[int], None]


def _forget(_size: int) -> None:
    pass


@dataclass
class Turn:
    """What the client sent at a go, after it had heard from the server; `at` in seconds since it connected."""

    at: float
    sent: int = 0
    received: int = 0


@dataclass
class Call:
    """One connection through the proxy."""

    began: float
    turns: list[Turn] = field(default_factory=list)

    def sent(self, size: int) -> None:
        """Note what the client sent: a turn begins where it had an answer to its last one."""
        if not self.turns or self.turns[-1].received:
            self.turns.append(Turn(time.monotonic() - self.began))
        self.turns[-1].sent += size

    def received(self, size: int) -> None:
        if self.turns:
            self.turns[-1].received += size


class FarAway:
    """`with FarAway(address, 22, round_trip=0.1) as link:` listens on `link.port` of 127.0.0.1 meanwhile."""

    def __init__(self, address: str, port: int, round_trip: float) -> None:
        self._target = (address, port)
        self._delay = round_trip / 2
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.calls: list[Call] = []
        self._thread = threading.Thread(target=lambda: asyncio.run(self._listen()), name="far away")
        self._ready = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    async def _listen(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        async with await asyncio.start_server(self._serve, sock=self._socket):
            self._ready.set()
            await self._over.wait()

    async def _serve(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        call = Call(time.monotonic())
        self.calls.append(call)
        # The handshake of TCP itself: the client's connection was accepted here, at no distance.
        await asyncio.sleep(2 * self._delay)
        far, forth = await asyncio.open_connection(*self._target)
        await asyncio.gather(
            self._relay(near, forth, leaves=call.sent),
            self._relay(far, back, arrives=call.received),
            return_exceptions=True,
        )

    async def _relay(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        leaves: Note = _forget,
        arrives: Note = _forget,
    ) -> None:
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def arrive() -> None:
            while True:
                due, chunk = await on_the_way.get()
                await asyncio.sleep(due - time.monotonic())
                if not chunk:
                    writer.close()
                    return
                arrives(len(chunk))
                writer.write(chunk)

        arriving = asyncio.create_task(arrive())
        while chunk := await _read(reader):
            leaves(len(chunk))
            on_the_way.put_nowait((time.monotonic() + self._delay, chunk))
        on_the_way.put_nowait((time.monotonic() + self._delay, b""))
        await arriving


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(65536)
    except OSError:
        return b""
