"""Connections that are begun ahead: each is made once, and what went wrong is raised where it is asked for."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from windlass.address import parse_host
from windlass.errors import ConnectionFailed, UsageError
from windlass.remote.dialling import Dial, Dialling


@pytest.fixture
def mute() -> Iterator[tuple[str, threading.Semaphore]]:
    """A server that hangs up on whoever comes, and counts them."""
    server, came = socket.create_server(("127.0.0.1", 0)), threading.Semaphore(0)

    def serve() -> None:
        while True:
            try:
                guest, _ = server.accept()
            except OSError:
                return
            came.release()
            guest.close()

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"127.0.0.1:{server.getsockname()[1]}", came
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def count(came: threading.Semaphore) -> int:
    found = 0
    while came.acquire(timeout=0.2):
        found += 1
    return found


def test_a_host_is_connected_to_before_it_is_asked_for_and_only_once(
    mute: tuple[str, threading.Semaphore],
) -> None:
    host, came = mute
    dial = Dial(parse_host(host), 3)
    dialling = Dialling()
    dialling.begin(lambda: [dial])
    assert came.acquire(timeout=10)
    with pytest.raises(ConnectionFailed):
        dialling.connect(dial)
    assert count(came) == 0
    with pytest.raises(ConnectionFailed):  # a second connection is one of its own
        dialling.connect(dial)
    assert count(came) == 1


def test_who_is_asked_for_with_other_settings_is_connected_to_anew(
    mute: tuple[str, threading.Semaphore],
) -> None:
    host, came = mute
    dialling = Dialling()
    dialling.begin(lambda: [Dial(parse_host(host), 3)])
    assert came.acquire(timeout=10)
    with pytest.raises(ConnectionFailed):
        dialling.connect(Dial(parse_host(host), 4))
    assert count(came) == 1


def test_where_nobody_can_be_told_ahead_nothing_is_said(mute: tuple[str, threading.Semaphore]) -> None:
    def nobody() -> list[Dial]:
        raise UsageError("no host")

    host, came = mute
    dialling = Dialling()
    dialling.begin(nobody)
    with pytest.raises(ConnectionFailed):
        dialling.connect(Dial(parse_host(host), 3))
    assert count(came) == 1
