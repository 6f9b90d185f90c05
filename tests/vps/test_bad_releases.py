"""Releases that are no good: visitors notice nothing, the message says why, and nothing is left behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.load import Load
from tests.vps.apps.tiny import REPOSITORY, Deployed

RATE = 20


@dataclass(frozen=True)
class Bad:
    """A commit that must not get traffic, what the operator reads, and the config's keys that matter."""

    commit: str
    said: tuple[str, ...]
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.commit


SHORT = {"health": {"start_timeout": 2}}
NEVER_LIVE = [
    Bad("lock_out_of_step", ("install: exit code 1", "npm ci", "forgotten")),
    Bad("broken_build", ("build: exit code 1", "the page has no title")),
    Bad("empty_build", ("build: exit code 1", "the build left no /srv/tiny/workspace/dist/index.html")),
    Bad("crash_at_start", ("not healthy after 2 s: nothing listens", "the tide table is missing"), SHORT),
    Bad("hangs_at_start", ("not healthy after 2 s: nothing listens", "waiting for the tide"), SHORT),
    Bad("answers_500", ("/api/health gives status 500", "all hands are ashore"), SHORT),
    Bad(
        "dies_every_two_seconds",
        ("restarted 3 times", "out of breath"),
        {"health": {"min_healthy": 3, "start_timeout": 30}},
    ),
]


@pytest.mark.parametrize("bad", NEVER_LIVE, ids=str)
def test_a_bad_release_never_gets_traffic(unharmed: Deployed, bad: Bad) -> None:
    unharmed.configure(**bad.tables)
    with Load(unharmed.url, rate=RATE) as load:
        done = unharmed.deploy(bad.commit)
    assert done.exit_code == 1, str(done)
    for words in bad.said:
        assert words in done.output, str(done)
    assert "Visitors saw nothing: 0002-" in done.output, str(done)
    assert "Traceback" not in done.output, str(done)
    load.report.check()
    assert list(load.report.releases) == [unharmed.commits["change"]]
    last = unharmed.ledger()[-1]
    assert (last["event"], last["outcome"]) == ("end", "failed")
    assert last["live"]["release"] == unharmed.current()


def test_a_release_that_needs_another_node_is_refused_before_anything_is_done(unharmed: Deployed) -> None:
    before = unharmed.ledger()
    done = unharmed.deploy("needs_newer_node")
    assert done.exit_code == 1, str(done)
    assert "asks for >=99, and /usr/local/bin has node 22." in done.output, str(done)
    assert "[node] path" in done.output, str(done)
    assert unharmed.ledger() == before


def test_a_release_that_fails_under_traffic_is_taken_back(unharmed: Deployed) -> None:
    unharmed.configure(soak={"seconds": 30})
    with Load(unharmed.url, rate=60) as load:
        done = unharmed.deploy("fails_under_traffic")
    assert done.exit_code == 3, str(done)
    assert "requests to the new release failed with 5xx" in done.output, str(done)
    assert "was taken back: 0002-" in done.output, str(done)
    assert {failure.reason for failure in load.report.failures} == {"status 500"}
    assert max(failure.at for failure in load.report.failures) < done.seconds
    assert load.report.releases[unharmed.commits["change"]].last > load.report.failures[-1].at
    assert unharmed.ledger()[-1]["outcome"] == "went-back"


def test_a_release_that_ignores_signals_is_deployed_and_replaced(deployed: Deployed) -> None:
    with Load(deployed.url, rate=RATE) as load:
        deployed.deploy("ignores_signals").check()
        deployed.deploy("third").check()
    load.report.check()
    assert deployed.live() == "third"
    assert deployed.pm2() == {"tiny-blue": "online"}
    assert deployed.processes() == ""
    assert deployed.vps.run("ss -Htln 'sport = 3001'").stdout == ""


def test_after_a_bad_release_good_ones_just_work_slow_ones_and_those_of_a_branch_that_was_force_pushed(
    deployed: Deployed,
) -> None:
    push = f"git --git-dir {REPOSITORY} update-ref refs/heads/main {deployed.commits['slow_start']}"
    with Load(deployed.url, rate=RATE) as load:
        assert deployed.deploy("broken_build").exit_code == 1
        deployed.fab("deploy").check()
        assert deployed.live() == "third"
        deployed.vps.run(push, user="deploy")
        deployed.fab("deploy").check()
    load.report.check()
    assert deployed.live() == "slow_start"
    assert [record["release"][:4] for record in deployed.ledger() if record["event"] == "end"][-3:] == [
        "0003",
        "0004",
        "0005",
    ]
