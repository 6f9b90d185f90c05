"""What was measured: seconds, several times, with what visitors lost meanwhile, and two such sides compared."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sample:
    """One run: its seconds, and how many requests were made and lost while it went on.

    `entered` is counted from the key press, where `seconds` begins only when the tool has started.
    """

    seconds: float
    requests: int = 0
    lost: int = 0
    entered: float = 0.0


@dataclass
class Series:
    """The runs of one side."""

    samples: list[Sample] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(sample.seconds for sample in self.samples)

    @property
    def spread(self) -> tuple[float, float]:
        """The least and the most."""
        seconds = [sample.seconds for sample in self.samples]
        return min(seconds), max(seconds)

    @property
    def entered(self) -> float:
        """The median of the seconds from the key press, 0 where they were not taken apart."""
        return statistics.median(sample.entered for sample in self.samples)

    @property
    def requests(self) -> int:
        return sum(sample.requests for sample in self.samples)

    @property
    def lost(self) -> int:
        return sum(sample.lost for sample in self.samples)


@dataclass(frozen=True)
class Row:
    """One line of the table: `ours` against `theirs`, or against nothing but a limit.

    `ratio` is the most that the medians may have to one another, `seconds` the most that ours may take; None
    where there is no such limit. `why` is told where the limit is not kept, `detail` is Markdown below the table.
    """

    title: str
    ours: Series
    against: str = ""
    theirs: Series | None = None
    ratio: float | None = None
    seconds: float | None = None
    why: str = ""
    detail: str = ""

    @property
    def found(self) -> float | None:
        """How many times theirs ours takes, by the medians."""
        return self.ours.median / self.theirs.median if self.theirs else None

    @property
    def reached(self) -> bool | None:
        """Whether the limit is kept and ours lost no request; None without a limit."""
        if self.ratio is None and self.seconds is None:
            return None
        in_ratio = self.ratio is None or self.found is None or self.found <= self.ratio
        in_time = self.seconds is None or self.ours.median <= self.seconds
        return in_ratio and in_time and not self.ours.lost


Side = Callable[[], Sample]
Say = Callable[[str], None]


def in_turn(sides: Mapping[str, Side], rounds: int, say: Say) -> dict[str, Series]:
    """Run every side once a round, so that what else the machine does meets all of them alike."""
    found = {name: Series() for name in sides}
    for number in range(1, rounds + 1):
        for name, side in sides.items():
            sample = side()
            found[name].samples.append(sample)
            lost = f", {sample.lost} of {sample.requests} requests lost" if sample.requests else ""
            say(f"  round {number}  {name}: {sample.seconds:.2f} s{lost}")
    return found
