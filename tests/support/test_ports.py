"""Ports that tests are given."""

from __future__ import annotations

import socket

from tests.support.ports import free_port


def test_no_port_is_given_twice_and_each_can_be_had() -> None:
    ports = [free_port() for _ in range(300)]
    assert len(set(ports)) == 300
    for port in ports[:20]:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", port))
