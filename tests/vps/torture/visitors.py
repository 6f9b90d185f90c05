"""Visitors of a host that may go off: their clock stops when it does, and goes on when it answers again."""

from __future__ import annotations

import time

from tests.support.load import Load
from tests.support.processes import wait_until
from tests.vps.apps.tiny import Deployed
from windlass.demo.account import Failure

RATE = 20


class Visitors:
    """`with Visitors(app) as visitors:`; `lost` is what visitors noticed, `away` for how many seconds it was off."""

    def __init__(self, app: Deployed) -> None:
        self._app = app
        self._load = Load(app.url, rate=RATE)
        self._began = 0.0
        self._before: list[Failure] = []
        self._off = 0.0
        self._asked = 0
        self.away = 0.0

    def __enter__(self) -> Visitors:
        self._began = time.monotonic()
        self._load.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._load.stop()

    def switch_off(self, when: float) -> None:
        """The host goes off at that moment (monotonic), by the round's own doing."""
        self._off = when

    def come_again(self) -> None:
        """The host is off now: whoever comes from now on waits for it to answer once."""
        self._load.stop()
        self._keep(until=self._off - self._began)
        self._load = Load(self._app.url, rate=RATE, patient=True)
        self._began = time.monotonic()
        self._load.start()

    def wait_for_the_first(self) -> None:
        """Return once a visitor was answered after the host came back; AssertionError after a minute."""
        wait_until(
            lambda: bool(self._load.report.releases),
            60,
            f"{self._app.url} does not answer after it came back",
        )
        first = min(answers.first for answers in self._load.report.releases.values())
        self.away = self._began + first - self._off

    @property
    def lost(self) -> list[Failure]:
        return [*self._before, *self._load.report.failures]

    @property
    def requests(self) -> int:
        return self._asked + self._load.report.requests

    def _keep(self, until: float) -> None:
        self._asked += self._load.report.requests
        self._before += [failure for failure in self._load.report.failures if failure.at < until]
