"""What all tiers share: the order of the tiers, no skipping under CI, and the operator."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar

import hypothesis
import pytest
from hypothesis import settings

from tests.support.installed import build_wheel, install
from tests.support.operator import Operator
from tests.support.sandbox import Sandbox, missing_tools
from tests.support.tiers import require

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("windlass", deadline=None)
hypothesis.settings.load_profile("windlass")

pytest_plugins = ["tests.support.timings"]

TESTS = Path(__file__).parent
AnyReport = TypeVar("AnyReport", pytest.TestReport, pytest.CollectReport)
TIERS = ("unit", "support", "apps", "sandbox", "vps")

# What an example takes says more of the machine than of the code.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")


def pytest_configure() -> None:
    """What tests start can be interrupted, wherever the run itself was started.

    A shell without job control starts `make test &` with SIGINT ignored, which every process below inherits. One
    that handles it hands it on as it is by default.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *_: None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Quick tiers first."""
    items.sort(key=_tier)


def _tier(item: pytest.Item) -> int:
    name = item.path.relative_to(TESTS).parts[0]
    return TIERS.index(name) if name in TIERS else len(TIERS)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    return _not_skipped(report)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    return _not_skipped(report)


def _not_skipped(report: AnyReport) -> AnyReport:
    """Under CI what would be skipped has failed (an expected failure stays one)."""
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"under CI nothing is skipped: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def operator_session(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    """Has the key pair of the session; tests use `operator`."""
    return Operator(tmp_path_factory.mktemp("operator"))


@pytest.fixture
def operator(operator_session: Operator, tmp_path: Path) -> Operator:
    """A person with a home of their own, the session's key, and no known hosts yet."""
    return Operator(tmp_path / "operator", key_of=operator_session)


@pytest.fixture
def sandbox(operator: Operator) -> Iterator[Sandbox]:
    """A server of the current user, which the operator knows and may log in to."""
    missing = missing_tools()
    require(not missing, f"the sandbox needs {', '.join(missing)}: make setup")
    server = Sandbox()
    try:
        server.authorize(operator.public_key)
        operator.know("127.0.0.1", server.host_key, server.port)
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Windlass as a wheel, in a folder of its own."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installed(wheel: Path) -> Path:
    """The folder that has the command `windlass`, installed from the wheel."""
    return install(wheel)
