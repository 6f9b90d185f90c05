"""Commands are struck at random moments: a few of the rounds that `make torture` goes through by the hundred."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.operator import Operator
from tests.vps.hosts.factory import VpsFactory
from tests.vps.hosts.machine import Image
from tests.vps.torture.hosts import Hosts
from tests.vps.torture.rounds import draw
from tests.vps.torture.torture import Torture

SEED = 20261
"""One whose few rounds strike many stages, and whose moments need no command to be measured before."""

QUICK = ["client killed", "agent killed", "step killed", "session killed", "reboot", "power cut"]
SOME = ["client killed", "agent killed"]


@pytest.fixture
def hosts(
    vps_factory: VpsFactory,
    deployed_image: Image,
    operator: Operator,
    tiny_commits: tuple[Path, dict[str, str]],
    request: pytest.FixtureRequest,
) -> Hosts:
    """As many as the test is parametrised with."""
    return Hosts(vps_factory, deployed_image, operator, tiny_commits[1], request.param)


@pytest.mark.parametrize(
    ("hosts", "count", "mishaps"), [(1, 1, QUICK), (3, 3, SOME)], indirect=["hosts"], ids=["one", "three"]
)
def test_whatever_is_struck_nothing_is_lost_and_the_next_command_works(
    hosts: Hosts, count: int, mishaps: list[str]
) -> None:
    torture = Torture(hosts, print)
    torture.run([draw(SEED, number, count, [mishap]) for number, mishap in enumerate(mishaps, 1)])
    assert [failure.text for failure in torture.failures] == []
    assert len(torture.accounts) == len(mishaps)
