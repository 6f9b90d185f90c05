"""Gate `healthy`: the started processes, and nobody else, answer well for a while without a restart."""

from __future__ import annotations

import time
from typing import Any

from . import health, occupant, proc
from .failure import GateFailed

SETTLE = 2.0
"""Seconds that a wrong listener, or a process that is gone, may be a passing state (a stop, a restart)."""

RESTARTS = 3
CALM_INTERVAL = 0.5


def healthy(arguments: dict[str, Any]) -> None:
    """Return once the same process, of several `instances` each, gave the expected answer for `min_healthy` seconds.

    GateFailed when the first good answer of one is not there after `start_timeout` seconds, when its process is
    restarted again and again or gone, and when its port is somebody else's.
    """
    watches = [_Watch(one) for one in occupant.Expected.each(arguments)]
    while True:
        proven = [watch.proven() for watch in watches]  # each is looked at to the end, also when it was well
        if all(proven):
            break
        time.sleep(min(watch.interval() for watch in watches))
    for watch in watches:
        print(watch.verdict(), flush=True)


class _Watch:
    """What has been seen so far, and what follows from it."""

    def __init__(self, arguments: dict[str, Any]) -> None:
        self._arguments = arguments
        self._expected = occupant.Expected.of(arguments)
        self._began = time.monotonic()
        self._quick = float(arguments.get("interval") or 0.1)
        self._needed = float(arguments["min_healthy"])
        self._good_since: float | None = None
        self._process: proc.Process | None = None
        self._started: list[proc.Process] = []
        self._listened: list[proc.Process] = []
        self._gone_since = self._foreign_since = 0.0
        self._problem = ""
        # Of several, which.
        self._label = f"port {self._expected.port}: " if arguments.get("instances") else ""

    def interval(self) -> float:
        """Seconds to the next look: few until the first good answer, so that no quick app is kept waiting."""
        if self._good_since is None:
            return self._quick
        left = self._needed - (time.monotonic() - self._good_since)
        if left <= 0:
            return CALM_INTERVAL
        return max(0.0, min(left, max(self._quick, min(CALM_INTERVAL, self._needed / 5))))

    def proven(self) -> bool:
        """Take one look: whether that was enough. GateFailed where no later one can be better."""
        finding = occupant.look(self._expected, self._process)
        self._follow_started()
        self._follow_listener(finding)
        problem = finding.problem or health.ask(self._arguments)
        if finding.process and proc.process(finding.process.pid) != finding.process:
            problem = "the process ended while it was asked" + (f"; {problem}" if problem else "")
        if problem:
            self._bad(problem)
            return False
        return self._good()

    def _good(self) -> bool:
        now = time.monotonic()
        if self._good_since is None:
            watched = self._watched_before()
            self._good_since = now - watched
            left = max(0.0, self._needed - watched)
            said = f"good answer after {now - self._began:.1f} s; watching for {left:g} s"
            print(f"{self._label}{said}", flush=True)
        return now - self._good_since >= self._needed

    def verdict(self) -> str:
        """Who was proven."""
        who = proc.program(self._process.pid) if self._process else "the process"
        return f"{who} is healthy on port {self._expected.port}"

    def _watched_before(self) -> float:
        """Seconds since the start of a standby that is well: it was watched then."""
        if self._process is None or self._problem or not self._arguments.get("standby"):
            return 0.0
        return proc.age(self._process)

    def _bad(self, problem: str) -> None:
        now = time.monotonic()
        if self._good_since is not None:
            problem = f"{problem} (after {now - self._good_since:.1f} good seconds)"
        self._good_since = None
        if problem != self._problem:
            self._problem = problem
            print(f"{self._label}{problem}", flush=True)
        limit = float(self._arguments["start_timeout"])
        if now - self._began >= limit:
            raise GateFailed(f"{self._label}not healthy after {limit:g} s: {problem}")

    def _follow_started(self) -> None:
        """Count the processes that were started, and how long there has been none."""
        if not self._expected.named:
            return
        running = self._expected.started()
        self._started += [one for one in running if one not in self._started]
        self._refuse_restarts(self._started)
        now = time.monotonic()
        self._gone_since = 0.0 if running else self._gone_since or now
        if not running and now - self._gone_since >= SETTLE:
            what = "ended and did not come back" if self._started else "is not running"
            raise GateFailed(f"{self._label}the started process {what}{self._last_seen()}")

    def _follow_listener(self, finding: occupant.Finding) -> None:
        now = time.monotonic()
        self._foreign_since = (self._foreign_since or now) if finding.foreign else 0.0
        if finding.foreign and now - self._foreign_since >= SETTLE:
            raise GateFailed(finding.problem)
        if finding.process and finding.process != self._process:
            if self._process:
                self._good_since = None
            self._process = finding.process
            self._listened += [finding.process]
            self._refuse_restarts(self._listened)

    def _refuse_restarts(self, processes: list[proc.Process]) -> None:
        if len(processes) > RESTARTS:
            seconds = time.monotonic() - self._began
            raise GateFailed(
                f"{self._label}the process was restarted {RESTARTS} times in {seconds:.1f} s{self._last_seen()}"
            )

    def _last_seen(self) -> str:
        return f"; last seen: {self._problem}" if self._problem else ""
