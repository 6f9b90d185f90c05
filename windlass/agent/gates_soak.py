"""Gate `soak`: the watch after the cutover."""

from __future__ import annotations

import time
from typing import Any

from . import gates_nginx, health, occupant, proc, sight
from .access_log import AccessLog, Share
from .failure import GateFailed
from .gates_alive import Watched

SAY_EVERY = 5.0
INTERVAL = 1.0
BAD_IN_A_ROW = 3
USUAL_BYTES = 512 * 1024


def soak(arguments: dict[str, Any]) -> None:
    """Return after `seconds` in which each process stayed, answered, and gave visitors no more errors than usual.

    Too many is a share of 5xx above `max_errors_percent` and above twice the share before the cutover, once
    there are `min_errors` of them. Where the log cannot be read, or does not tell of what nginx answers, only the
    process and its health are watched, and that is warned of.
    """
    seconds = float(arguments["seconds"])
    began = time.monotonic()
    processes = [_Process(one) for one in occupant.Expected.each(arguments)]
    traffic = _Traffic(arguments)
    others = Watched(arguments)
    say_at = began + SAY_EVERY
    while True:
        for process in processes:
            process.check()
        others.check()
        traffic.check()
        now = time.monotonic()
        if now - began >= seconds:
            break
        if now >= say_at:
            say_at = now + SAY_EVERY
            print(f"{now - began:.0f} of {seconds:g} s: {traffic.summary()}", flush=True)
        time.sleep(max(0.0, min(INTERVAL, began + seconds - now)))
    traffic.see()
    print(f"watched for {seconds:g} s: {traffic.summary()}", flush=True)


class _Process:
    """The process that must not change, and its health, which may falter but not fail."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        self._arguments = arguments
        self._expected = occupant.Expected.of(arguments)
        self._process: proc.Process | None = None
        self._bad = 0

    def check(self) -> None:
        finding = occupant.look(self._expected, self._process)
        if finding.process is None:
            raise GateFailed(f"the new release does not run any more: {finding.problem}")
        if self._process not in (None, finding.process):
            raise GateFailed(
                f"the new release was restarted: port {self._expected.port} has another process now"
            )
        self._process = finding.process
        problem = health.ask(self._arguments)
        if problem and self._arguments.get("instances"):
            problem = f"port {self._expected.port}: {problem}"
        if proc.process(finding.process.pid) != finding.process:
            raise GateFailed(f"the new release's process (pid {finding.process.pid}) ended")
        self._bad = self._bad + 1 if problem else 0
        if problem:
            print(problem, flush=True)
        if self._bad >= BAD_IN_A_ROW:
            raise GateFailed(f"{problem} ({BAD_IN_A_ROW} times in a row)")


class _Traffic:
    """What visitors got from the new slot, against what was usual before it."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        self._upstreams = frozenset(arguments.get("expected_upstreams") or ())
        self._path = str(arguments.get("access_log") or "")
        self._max_percent = float(arguments["max_errors_percent"])
        self._min_errors = int(arguments["min_errors"])
        self._log = AccessLog(self._path)
        self._warned = self._unread = not self._path
        self._before, self._now = Share(), Share()
        try:
            for request in self._log.before(int(arguments.get("usual") or USUAL_BYTES)):
                if request.upstream not in self._upstreams:
                    self._before.add(request)
        except OSError as error:
            self._warn(sight.unreadable(self._path, error))
        through = arguments.get("nginx")
        self._asked = bool(through and gates_nginx.ask(through, float(arguments["request_timeout"])).status)

    @property
    def allowed(self) -> float:
        """Percent of the requests that may fail."""
        return max(self._max_percent, 2 * self._before.percent)

    def check(self) -> None:
        try:
            requests = self._log.new() if self._path else []
            self._unread = not self._path
        except OSError as error:
            self._warn(sight.unreadable(self._path, error))
            return
        for request in requests:
            if request.upstream in self._upstreams:
                self._now.add(request)
        if self._now.errors >= self._min_errors and self._now.percent > self.allowed:
            raise GateFailed(
                f"{self._now.errors} of {self._now.requests} requests to the new release failed with 5xx "
                f"({self._now.percent:.0f} %, allowed are {self.allowed:g} %), {self._now.worst()}"
            )

    def summary(self) -> str:
        if self._unread:
            return "the process is well, requests are not counted"
        return f"{self._now.requests} requests, {self._now.errors} server errors"

    def see(self) -> None:
        """Warn where the requests of the watch itself are not in the log: then no visitor's are."""
        self.check()
        blindness = self._log.blindness()
        if blindness and self._asked and not self._unread:
            self._warn(blindness)

    def _warn(self, problem: str) -> None:
        self._unread = True
        if self._warned:
            return
        self._warned = True
        print(f"warning: 5xx answers are not counted: {problem}", flush=True)
