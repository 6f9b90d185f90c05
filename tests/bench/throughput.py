"""How long so many visitors wait whose pages keep a core busy: one web process a slot, and one for each core."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from tests.bench.figures import Row, Sample, Say, in_turn
from tests.bench.server import Server
from tests.bench.windlass import Windlass

BURN_MS = 20
"""Milliseconds of a core that a page takes."""
VISITORS = 8
"""How many wait at a time."""
PAGES = 400


def throughput(server: Server, rounds: int, say: Say) -> Iterable[Row]:
    """The same pages, asked for by as many visitors, of one web process and of two."""
    app = server.tiny

    def served_by(instances: int) -> Sample:
        _set(app, instances)
        return _visits(app.vps.address, app.site)

    found = in_turn({"one": lambda: served_by(1), "two": lambda: served_by(2)}, rounds, say)
    app.configure()
    title = f"{PAGES} pages that keep a core busy for {BURN_MS} ms, two web processes"
    yield Row(title, found["two"], "one web process", found["one"], 1 / 1.3)


def _set(app: Windlass, instances: int) -> None:
    app.operator.config(app.name, app.config.replace("[web]\n", f"[web]\ninstances = {instances}\n"))
    app.operator.fab("nginx.install", "-H", f"root@{app.vps.address}", "--app", app.name).check()
    app.run("restart")


def _visits(address: str, port: int) -> Sample:
    """The seconds until all pages were answered, each visitor asking for the next when it has one."""
    began = time.monotonic()
    with ThreadPoolExecutor(VISITORS) as pool:
        lost = sum(pool.map(lambda _: _visit(address, port), range(VISITORS)))
    return Sample(time.monotonic() - began, PAGES, lost)


def _visit(address: str, port: int) -> int:
    """How many of a visitor's pages were not answered well."""
    connection = http.client.HTTPConnection(address, port, timeout=60)
    lost = 0
    for _ in range(PAGES // VISITORS):
        connection.request("GET", f"/burn?ms={BURN_MS}")
        answer = connection.getresponse()
        answer.read()
        lost += answer.status != 200
    connection.close()
    return lost
