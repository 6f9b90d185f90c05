"""Visitors at a constant rate, and an account of every request that did not go well.

A visit loads pages and the assets they name over one kept-alive connection, as a browser does. Visits start
by the clock, whatever the server does: a server that hangs makes more of them wait, not fewer.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from types import TracebackType
from urllib.parse import urlsplit

from windlass.demo.account import Answers, Failure, Report
from windlass.demo.http_client import Broken, ClosedWhileIdle, Connection, Response
from windlass.demo.pages import assets_of, release_of
from windlass.demo.waiting import wait_until


class Load:
    """`with Load("http://10.0.0.1") as load: …` keeps visitors coming meanwhile; `load.report` is the result.

    `rate` is in requests a second; it ends by itself after `seconds`. `linger`: visits wait up to so many
    seconds between a page and its assets, so that some ask a new release for the assets of an old page.
    `host` is sent as the Host header. A request that takes longer than `timeout` seconds has failed; so has
    one that is answered with a status of 400 or more. `patient`: nobody comes before the first path has been
    answered well once.
    """

    def __init__(
        self,
        url: str,
        *,
        paths: tuple[str, ...] = ("/", "/api/health"),
        rate: float = 100,
        seconds: float = 900,
        linger: float = 0,
        timeout: float = 15,
        host: str | None = None,
        patient: bool = False,
        identify: Callable[[Response], str | None] = release_of,
    ) -> None:
        parts = urlsplit(url)
        self._address, self._port = parts.hostname or "", parts.port or 80
        self._host = host or parts.netloc
        self._paths, self._rate, self._seconds = paths, rate, seconds
        self._linger, self._timeout, self._identify = linger, timeout, identify
        self._patient = patient
        self._began = 0.0
        self._stop, self._visited = threading.Event(), threading.Event()
        self._broken: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="load")
        self._requests_per_visit = len(paths)
        self.report = Report()
        self._reported_from = 0.0

    def __enter__(self) -> Load:
        """Begin, and return once the first visit is over."""
        self.start()
        self._visited.wait(60)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        except BaseException:
            if error is None:
                raise

    def start(self) -> None:
        """Begin, without waiting for the first visit."""
        self._began = self._reported_from = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """Start no more visits, and return when those under way are over; raises what ended them early."""
        self._stop.set()
        self._thread.join()
        if self._broken:
            raise self._broken

    def clock(self) -> float:
        """Seconds since the load began."""
        return time.monotonic() - self._began

    def next_report(self) -> Report:
        """From now on count requests in a new report; return the one before.

        A request belongs to the report in which it began, so the old one is whole a moment later.
        """
        self.report, before = Report(), self.report
        now = time.monotonic()
        before.seconds, self._reported_from = now - self._reported_from, now
        return before

    def wait_for_release(self, release: str, timeout: float = 60) -> None:
        """Return once `release` has answered; raises WaitedInVain after `timeout` seconds."""
        wait_until(
            lambda: release in self.report.releases, timeout, lambda: f"{release} did not answer visitors"
        )

    def keep_on(self, seconds: float) -> None:
        """Return when visitors have come for `seconds` more."""
        until = time.monotonic() + seconds
        wait_until(lambda: time.monotonic() > until, seconds + 60, lambda: "the clock stands still")

    def _run(self) -> None:
        try:
            asyncio.run(self._visit_by_the_clock())
        except BaseException as broken:
            self._broken = broken
        finally:
            self._visited.set()

    async def _visit_by_the_clock(self) -> None:
        while self._patient and not self._stop.is_set() and not await self._open():
            await asyncio.sleep(0.05)
        due = time.monotonic()
        end = due + self._seconds
        under_way: set[asyncio.Task[None]] = set()
        while not self._stop.is_set() and due < end:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self.report.latest_start = max(self.report.latest_start, time.monotonic() - due)
            visit = asyncio.create_task(self._visit())
            under_way.add(visit)
            visit.add_done_callback(under_way.discard)
            due += self._requests_per_visit / self._rate
        await asyncio.gather(*under_way)
        self.report.seconds = time.monotonic() - self._reported_from

    async def _open(self) -> bool:
        connection = Connection(self._address, self._port)
        try:
            async with asyncio.timeout(self._timeout):
                return (await connection.get(self._paths[0], self._host)).status < 400
        except (Broken, TimeoutError):
            return False
        finally:
            connection.close()

    async def _visit(self) -> None:
        connection = Connection(self._address, self._port)
        requests = 0
        try:
            for path in self._paths:
                page = await self._get(connection, path)
                requests += 1
                if page is None or "html" not in page.headers.get("content-type", ""):
                    continue
                assets = assets_of(page.text, path)
                await asyncio.sleep(self._linger * (self.report.visits % 10) / 10)
                for asset in assets:
                    await self._get(connection, asset)
                self.report.assets += len(assets)
                requests += len(assets)
        finally:
            connection.close()
            self.report.visits += 1
            self._visited.set()
        self._requests_per_visit = requests

    async def _get(self, connection: Connection, path: str) -> Response | None:
        began, report = time.monotonic(), self.report
        report.requests += 1
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._get_like_a_browser(connection, path)
        except TimeoutError:
            report.failures.append(self._failure(path, f"no answer in {self._timeout} s"))
            return None
        except Broken as broken:
            report.failures.append(self._failure(path, str(broken)))
            return None
        report.slowest = max(report.slowest, time.monotonic() - began)
        self._note_release(report, response)
        if response.status >= 400:
            page = response.status == 503 and "retry-after" in response.headers
            report.failures.append(self._failure(path, f"status {response.status}", page=page))
            return None
        return response

    async def _get_like_a_browser(self, connection: Connection, path: str) -> Response:
        try:
            return await connection.get(path, self._host)
        except ClosedWhileIdle:
            self.report.reconnects += 1
            return await connection.get(path, self._host)

    def _failure(self, path: str, reason: str, *, page: bool = False) -> Failure:
        return Failure(self.clock(), path, reason, page)

    def _note_release(self, report: Report, response: Response) -> None:
        release = self._identify(response)
        if release is None:
            return
        now = self.clock()
        answers = report.releases.setdefault(release, Answers(0, now, now))
        answers.count += 1
        answers.last = now
