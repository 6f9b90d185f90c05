"""What visitors noticed of each act, and whether that is what the demo promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from windlass.demo.account import Failure, Report
from windlass.demo.acts import Act
from windlass.errors import WindlassError
from windlass.report.demo import Counted

PAGE = "the page"
SHOWN = 10
"""Failed requests that are listed."""


class NotAsPromised(WindlassError):
    """A request failed, or a command did not end as it should."""


@dataclass(frozen=True)
class Performed:
    """An act, how its command ended, and what visitors saw from its beginning until the next act's.

    The command `began` so many seconds after the load, and took `seconds`.
    """

    act: Act
    code: int
    began: float
    seconds: float
    visitors: Report

    @property
    def by_page(self) -> list[Failure]:
        """The requests that the maintenance page answered where it was to be."""
        return [one for one in self.visitors.failures if one.page and self.act.closed]

    @property
    def failed(self) -> list[Failure]:
        """All others that a visitor would have noticed."""
        return [one for one in self.visitors.failures if not (one.page and self.act.closed)]

    def saw(self, commit: str) -> bool:
        return commit in self.visitors.releases

    def first_seen(self, versions: Mapping[str, str]) -> dict[str, float]:
        """When each version, or the page, first answered in this act, in seconds since the load began."""
        first = {name: self.visitors.releases[one].first for name, one in versions.items() if self.saw(one)}
        if self.by_page:
            first[PAGE] = self.by_page[0].at
        return first


def counted(performed: Sequence[Performed], versions: Mapping[str, str]) -> list[Counted]:
    """The rows of the table."""
    rows: list[Counted] = []
    before = ""
    for one in performed:
        first = one.first_seen(versions)
        seen = tuple(sorted(first, key=lambda name: first[name]))
        new = bool(seen) and seen[-1] != before
        rows.append(
            Counted(
                one.act.title,
                one.seconds,
                first[seen[-1]] - one.began if new else None,
                one.visitors.requests,
                len(one.by_page),
                len(one.failed),
                seen,
            )
        )
        before = seen[-1] if seen else before
    return rows


def verdict(performed: Sequence[Performed], versions: Mapping[str, str]) -> str:
    """The sum in a sentence; raises NotAsPromised where it is not that of the promises."""
    requests = sum(one.visitors.requests for one in performed)
    failed = [failure for one in performed for failure in one.failed]
    problems = [
        f"{one.act.typed} ended with {one.code} instead of {int(one.act.ends)}"
        for one in performed
        if one.code != one.act.ends
    ]
    if failed:
        shown = "\n".join(map(str, failed[:SHOWN]))
        problems.append(f"{len(failed)} of {requests} requests failed:\n{shown}")
    if not requests:
        problems.append("no visitor came")
    if any(one.saw(versions["broken"]) for one in performed):
        problems.append("the broken version answered visitors")
    if problems:
        raise NotAsPromised("\n".join(problems), hint="the same with --keep leaves the server up for a look")
    return (
        f"{requests} requests, and none failed: {sum(len(one.by_page) for one in performed)} were answered by the "
        "maintenance page while the app was stopped, and none by the broken version."
    )
