"""The account of what visitors asked for and got."""

from __future__ import annotations

from dataclasses import dataclass, field

from windlass.errors import WindlassError


class LostRequests(WindlassError):
    """Visitors noticed something."""


@dataclass(frozen=True)
class Failure:
    """A request that a visitor would have noticed; `at` is in seconds since the load began.

    `page`: it was answered by the maintenance page (503 with Retry-After).
    """

    at: float
    path: str
    reason: str
    page: bool = False

    def __str__(self) -> str:
        return f"{self.at:8.3f} s  {self.path}  {self.reason}"


@dataclass
class Answers:
    """How often one release answered, first and last in seconds since the load began."""

    count: int
    first: float
    last: float


@dataclass
class Report:
    """What the visitors saw."""

    requests: int = 0
    visits: int = 0
    assets: int = 0
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)
    releases: dict[str, Answers] = field(default_factory=dict)
    # Kept-alive connections that the server closed just as they were to be used; the request was sent again.
    reconnects: int = 0
    slowest: float = 0.0
    # The longest that a visit started after its time: if large, this machine was too busy to tell.
    latest_start: float = 0.0

    @property
    def ok(self) -> int:
        return self.requests - len(self.failures)

    def check(self) -> Report:
        """Return itself; raises LostRequests with what failed, also where no request was made."""
        if self.failures or not self.requests:
            raise LostRequests(str(self))
        return self

    def __str__(self) -> str:
        shown = "\n".join(map(str, self.failures[:40]))
        return f"{len(self.failures)} of {self.requests} requests in {self.seconds:.1f} s failed\n{shown}"
