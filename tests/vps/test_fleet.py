"""Several hosts in one command: all or none goes live, and each says how it ended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.operator import Operator
from tests.support.processes import Completed
from tests.vps.app import ROOT, Deployed
from tests.vps.conftest import VpsFactory
from tests.vps.machine import Image
from tests.vps.mishaps import held


class Fleet:
    """Two hosts with `change` live and `first` kept."""

    def __init__(self, hosts: list[Deployed]) -> None:
        self.hosts = hosts
        self.operator = hosts[0].operator
        self.commits = hosts[0].commits

    def fab(self, task: str, *arguments: str) -> Completed:
        names = ",".join(host.host for host in self.hosts)
        return self.operator.fab(task, "-H", names, *arguments)

    def deploy(self, commit: str, *arguments: str) -> Completed:
        return self.fab("deploy", "--revision", self.commits[commit], *arguments)

    def live(self) -> list[str]:
        return [host.live() for host in self.hosts]


@pytest.fixture
def fleet(
    vps_factory: VpsFactory,
    deployed_image: Image,
    operator: Operator,
    tiny_commits: tuple[Path, dict[str, str]],
) -> Fleet:
    found = [Deployed(vps_factory.boot(deployed_image), operator, tiny_commits[1]) for _ in range(2)]
    for host in found:
        host.wait_until_up()
    return Fleet(found)


def test_all_are_prepared_before_any_is_cut_over_and_all_go_back_together(fleet: Fleet) -> None:
    done = fleet.deploy("third", "--json").check()
    events = [json.loads(line) for line in done.stdout.splitlines()]
    healthy = [
        index
        for index, event in enumerate(events)
        if event["event"] == "stepended" and event["title"].startswith("healthy on port")
    ]
    switched = [
        index
        for index, event in enumerate(events)
        if event["event"] == "stepstarted" and event["title"].startswith("switch to")
    ]
    assert (len(healthy), len(switched)) == (2, 2)
    assert max(healthy) < min(switched)
    assert fleet.live() == ["third", "third"]

    fleet.fab("rollback").check()
    assert fleet.live() == ["change", "change"]


def test_none_is_cut_over_where_one_does_not_come_up(fleet: Fleet) -> None:
    second = fleet.hosts[1]
    second.vps.popen("exec python3 -m http.server 3001 --bind 127.0.0.1", user="root")
    second.vps.run(
        "for i in $(seq 100); do ss -Htln 'sport = 3001' | grep -q . && exit; sleep 0.1; done; exit 1"
    )
    failed = fleet.deploy("third")
    assert failed.exit_code == 1, failed.output
    assert fleet.live() == ["change", "change"]
    assert fleet.hosts[0].leftovers() == []
    assert fleet.hosts[0].host in failed.output
    assert "Traceback" not in failed.output
    second.vps.run("fuser -k -n tcp 3001 || pkill -f 'http.server 3001'")
    fleet.deploy("third").check()
    assert fleet.live() == ["third", "third"]


def test_a_host_that_fails_its_cutover_takes_the_one_before_it_back(fleet: Fleet) -> None:
    first, second = fleet.hosts
    # A flag that nginx cannot see: the rename is done, and nobody is sent to the new slot.
    with held(second.vps, "mv", "green.off") as hold:
        deploying = fleet.operator.start(
            "deploy", "-H", f"{first.host},{second.host}", "--revision", fleet.commits["third"]
        )
        hold.wait()
        assert first.live() == "third"
        second.vps.run("pkill -KILL -u deploy -f 'tiny.*server.mjs|releases/0003.*/server.mjs'", check=False)
        second.vps.run("systemctl stop nginx")
        hold.release()
        failed = deploying.wait(120)
    second.vps.run("systemctl start nginx")
    assert failed.exit_code in (3, 4), failed.output
    assert first.live() == "change"
    assert first.ledger()[-1]["outcome"] == "went-back"
    second.wait_until_up()
    assert second.live() == "change"
    fleet.deploy("third").check()
    assert fleet.live() == ["third", "third"]


def test_a_soak_that_fails_on_one_takes_all_back(fleet: Fleet) -> None:
    first, second = fleet.hosts
    for host in fleet.hosts:
        host.configure(soak={"seconds": 4})
    deploying = fleet.operator.start(
        "deploy", "-H", f"{first.host},{second.host}", "--revision", fleet.commits["third"]
    )
    deploying.wait_for("watch for 4 s  started", 60)
    second.vps.run(f"kill -KILL $(cat {ROOT}/run/tiny-green-*.pid)")
    failed = deploying.wait(120)
    assert failed.exit_code == 3, failed.output
    assert fleet.live() == ["change", "change"]
    assert [host.ledger()[-1]["outcome"] for host in fleet.hosts] == ["went-back", "went-back"]


def test_nothing_is_touched_where_one_cannot_be_reached(fleet: Fleet) -> None:
    fleet.hosts[1].vps.cut_network(drop=False)
    before = len(fleet.hosts[0].ledger())
    failed = fleet.deploy("third")
    fleet.hosts[1].vps.restore_network()
    assert failed.exit_code == 1
    assert fleet.hosts[1].host in failed.stderr
    assert len(fleet.hosts[0].ledger()) == before
    assert fleet.hosts[0].leftovers() == []


def test_a_host_that_is_lost_while_preparing_calls_the_other_back(fleet: Fleet) -> None:
    first, second = fleet.hosts
    deploying = fleet.operator.start(
        "deploy", "-H", f"{first.host},{second.host}", "--revision", fleet.commits["slow_build"]
    )
    deploying.wait_for(f"{second.host}  build  started", 60)
    second.vps.kill()
    failed = deploying.wait(120)
    assert failed.exit_code == 1, failed.output
    assert first.leftovers() == []
    assert second.host in failed.output
    second.vps.boot()
    second.wait_until_up()
    fleet.deploy("third").check()
    assert fleet.live() == ["third", "third"]


def test_hosts_that_differ_are_told_apart(fleet: Fleet) -> None:
    first, second = fleet.hosts
    second.deploy("third").check()
    status = fleet.fab("status")
    assert status.exit_code == 4
    refused = fleet.fab("rollback")
    assert refused.exit_code == 1
    assert f"{first.host}: 0001" in refused.stderr
    assert f"{second.host}: 0002" in refused.stderr
    assert fleet.live() == ["change", "third"]
    fleet.deploy("third").check()
    assert fleet.live() == ["third", "third"]
    assert fleet.fab("status").check()
