"""Where a run's time went: told at its end, whoever ran the tests (xdist's workers too)."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from pathlib import PurePath

import pytest

SLOWEST = 20
SHARED = ("session", "package", "module")

# Measured where a fixture is made, and sent with the report of the setup that asked for it.
_made: list[tuple[str, float]] = []


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
    """Note how long a shared fixture takes, without those that it rests on."""
    began = time.monotonic()
    try:
        return (yield)
    finally:
        if fixturedef.scope in SHARED:
            _made.append((fixturedef.argname, time.monotonic() - began))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "setup":
        vars(report)["made"] = list(_made)
        _made.clear()
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The slowest tests, the sums by tier, and what shared fixtures took to make."""
    found = {id(each): each for reports in terminalreporter.stats.values() for each in reports}
    reports = [each for each in found.values() if isinstance(each, pytest.TestReport)]
    for title, lines in (
        (f"the {SLOWEST} slowest", slowest(reports)),
        ("by tier", tiers(reports)),
        ("shared fixtures", fixtures(reports)),
    ):
        terminalreporter.section(title, sep="-")
        for line in lines:
            terminalreporter.write_line(line)


def slowest(reports: Iterable[pytest.TestReport]) -> list[str]:
    """The phases of tests that took longest, longest first; none under a tenth of a second."""
    longest = sorted(reports, key=lambda report: -report.duration)[:SLOWEST]
    return [
        f"{each.duration:7.1f} s  {each.when:8} {each.nodeid}" for each in longest if each.duration >= 0.1
    ]


def tiers(reports: Iterable[pytest.TestReport]) -> list[str]:
    """How many tests each folder below tests/ has, and the sum of their seconds, setups and all."""
    seconds: dict[str, float] = defaultdict(float)
    tests: dict[str, int] = defaultdict(int)
    for each in reports:
        tier = PurePath(each.nodeid).parts[1]
        seconds[tier] += each.duration
        tests[tier] += each.when == "call"
    return [f"{seconds[tier]:7.1f} s  {tests[tier]:5} tests  {tier}" for tier in seconds]


def fixtures(reports: Iterable[pytest.TestReport]) -> list[str]:
    """The shared fixtures that took longest, all their makings together; none under a tenth of a second."""
    times: dict[str, list[float]] = defaultdict(list)
    for name, seconds in _all_made(reports):
        times[name].append(seconds)
    longest = sorted(times.items(), key=lambda item: -sum(item[1]))[:SLOWEST]
    return [f"{sum(made):7.1f} s  {len(made):5} made   {name}" for name, made in longest if sum(made) >= 0.1]


def _all_made(reports: Iterable[pytest.TestReport]) -> Iterator[tuple[str, float]]:
    for each in reports:
        yield from getattr(each, "made", ())
