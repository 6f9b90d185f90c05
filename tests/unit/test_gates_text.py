"""What the gates ask of the agent, and what they read like in a dry run."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from windlass import gates
from windlass.config.model import Config
from windlass.manifest import manifest_of
from windlass.plan import Gate
from windlass.supervisors import pm2
from windlass.supervisors.telling import pid_files

REVISION = "abc1234" + "0" * 33


def config(**sections: Any) -> Config:
    app = {"name": "shop", "repository": "git@example.org:shop.git"}
    return Config.model_validate({"app": app, **sections})


def every_gate(wanted: Config) -> list[Gate]:
    return [
        gates.healthy(wanted, wanted.layout, "green", "0001-abc1234", REVISION, known=False),
        gates.through_nginx(wanted, "green"),
        gates.soak(wanted, "green", "0001-abc1234"),
        gates.drained(wanted, "green"),
    ]


TLS = {
    "certificate": "/etc/ssl/shop.pem",
    "certificate_key": "/etc/ssl/shop.key",
    "server_names": ["*.shop.example"],
}


SEVERAL = {"instances": 3, "ports": [3000, 3100]}


@pytest.mark.parametrize("web", [{}, SEVERAL], ids=["one", "several"])
@pytest.mark.parametrize("nginx", [{}, TLS], ids=["plain", "tls"])
def test_every_gate_can_be_typed_and_sent(nginx: dict[str, Any], web: dict[str, Any]) -> None:
    for gate in every_gate(config(nginx=nginx, web=web)):
        assert json.loads(json.dumps(gate.arguments)) == gate.arguments
        subprocess.run(["bash", "-n", "-c", gate.by_hand.text], check=True)


def test_a_release_that_was_live_before_has_to_prove_itself_for_less_time() -> None:
    wanted = config(health={"min_healthy": 5, "min_healthy_known": 2})
    new, known = (
        gates.healthy(wanted, wanted.layout, "blue", "0001-abc1234", REVISION, known=known)
        for known in (False, True)
    )
    assert (new.arguments["min_healthy"], known.arguments["min_healthy"]) == (5, 2)


def test_the_health_gate_knows_port_folder_and_revision_of_the_slot() -> None:
    wanted = config(web={"ports": [4000, 4001]}, health={"revision": "commit"})
    gate = gates.healthy(wanted, wanted.layout, "green", "0001-abc1234", REVISION, known=False)
    assert gate.arguments["port"] == 4001
    assert gate.arguments["cwd"] == "/srv/shop/releases/0001-abc1234"
    assert (gate.arguments["revision_key"], gate.arguments["revision"]) == ("commit", REVISION)
    assert "http://127.0.0.1:4001/api/health" in gate.by_hand.text


@pytest.mark.parametrize(
    ("file", "is_ours"),
    [
        ("shop-green-0.pid", True),
        ("shop-green-12.pid", True),
        ("shop-green.pid", True),
        ("shop-green-worker-0.pid", False),
        ("shop-blue-0.pid", False),
        ("shop-green2-0.pid", False),
    ],
)
def test_the_pid_files_are_those_of_the_web_process(file: str, is_ours: bool) -> None:
    wanted = config()
    globs = pid_files(wanted.layout, wanted.process_name("green"))
    assert any(fnmatch(f"/srv/shop/run/{file}", glob) for glob in globs) == is_ours


@pytest.mark.parametrize(
    ("names", "host"),
    [
        (["_"], "127.0.0.1"),
        (["shop.example", "www.shop.example"], "shop.example"),
        (["_", "shop.example"], "shop.example"),
        (["*.shop.example"], "www.shop.example"),
    ],
)
def test_a_name_that_the_site_answers_to_is_asked_for(names: list[str], host: str) -> None:
    assert config(nginx={"server_names": names}).nginx.probe_name == host


def test_a_site_with_tls_is_asked_on_its_tls_port() -> None:
    gate = gates.through_nginx(config(nginx={**TLS, "listen_tls": 8443}), "blue")
    assert (gate.arguments["tls"], gate.arguments["port"]) == (True, 8443)
    assert "--resolve www.shop.example:8443:127.0.0.1" in gate.by_hand.text


def test_a_health_status_that_curl_calls_a_failure_may_be_the_wanted_one() -> None:
    wanted = config(health={"status": 401})
    assert "--fail" not in gates.through_nginx(wanted, "blue").by_hand.text


def test_a_gate_is_given_all_the_time_that_it_may_need() -> None:
    wanted = config(
        health={"start_timeout": 600, "min_healthy": 30, "timeout": 5},
        soak={"seconds": 900},
        web={"drain": 400},
    )
    health, nginx, soak, drain = map(gates.longest, every_gate(wanted))
    assert health > 600 + 30 + 5
    assert nginx > gates.NGINX_TIMEOUT
    assert soak > 900 + 2 * 5
    assert drain > 400


def test_each_web_process_of_several_is_told_by_its_port_and_name() -> None:
    wanted = config(web=SEVERAL)
    gate = gates.healthy(wanted, wanted.layout, "green", "0001-abc1234", REVISION, known=False)
    assert [one["port"] for one in gate.arguments["instances"]] == [3100, 3101, 3102]
    files = ["shop-green-0.pid", "shop-green_1-3.pid", "shop-green_2-12.pid", "shop-green-jobs-1.pid"]
    matched = [
        [file for file in files if any(fnmatch(f"/srv/shop/run/{file}", glob) for glob in one["pid_files"])]
        for one in gate.arguments["instances"]
    ]
    assert matched == [[file] for file in files[:3]]
    for port in (3100, 3101, 3102):
        assert f"http://127.0.0.1:{port}/api/health" in gate.by_hand.text
    assert gates.through_nginx(wanted, "green").arguments["expected_upstreams"] == [
        "127.0.0.1:3100", "127.0.0.1:3101", "127.0.0.1:3102",
    ]  # fmt: skip
    assert (
        "instances"
        not in gates.healthy(
            config(), wanted.layout, "green", "0001-abc1234", REVISION, known=False
        ).arguments
    )


@pytest.mark.parametrize(("then", "ports"), [(5, [3100, 3101, 3102, 3103, 3104]), (1, [3100])])
def test_a_slot_that_is_left_is_drained_and_gone_back_to_as_it_was_started(
    then: int, ports: list[int]
) -> None:
    there = manifest_of(config(web={**SEVERAL, "instances": then}), "green", "0001-abc1234", REVISION, "")
    assert gates.drained(config(web=SEVERAL), "green", there).arguments["ports"] == ports
    known = gates.listens(config(web=SEVERAL), "green", "0001-abc1234", there).arguments
    assert [one["port"] for one in known.get("instances") or [known]] == ports
    unnoted = replace(there, ports=())
    assert gates.drained(config(web=SEVERAL), "green", unnoted).arguments["ports"] == ports


def test_what_nginx_says_of_tries_is_told_by_hand_as_by_the_gate() -> None:
    pattern = gates.through_nginx(config(web=SEVERAL), "green").by_hand.text.partition("| ")[2]
    for header, found in [
        ("127.0.0.1:3101", True),
        ("127.0.0.1:3100, 127.0.0.1:3102", True),
        ("127.0.0.1:3000 : 127.0.0.1:3100", True),
        ("127.0.0.1:3100, 127.0.0.1:3000", False),
        ("127.0.0.1:31010", False),
    ]:
        done = subprocess.run(
            ["bash", "-c", pattern],
            check=False,
            input=f"X-Windlass-Upstream: {header}\r\n",
            text=True,
            capture_output=True,
        )
        assert (done.returncode == 0) == found, header


def test_a_drain_waits_until_nginx_has_closed_what_it_does_not_use() -> None:
    """A template of 2 s: what a probe of ours has left there is no visitor."""
    template = (Path(__file__).parents[2] / "templates/nginx-site.conf.j2").read_text()
    (idle,) = set(re.findall(r"keepalive_timeout (\d+)s;", template))
    wanted = [gates.drained(config(web={"drain": drain}), "blue") for drain in (0.5, 400)]
    assert [gate.arguments["seconds"] > int(idle) for gate in wanted] == [True, True]
    assert wanted[1].arguments["seconds"] == 400


@pytest.mark.parametrize("web", [{"ports": [4999, 4998]}, {"ports": [4900, 4800], "instances": 3}])
def test_draining_by_hand_ends_when_nobody_is_connected(web: dict[str, Any]) -> None:
    gate = gates.drained(config(web={**web, "drain": 5}), "blue")
    subprocess.run(["bash", "-euo", "pipefail", "-c", gate.by_hand.text], check=True, timeout=4)


@pytest.mark.parametrize(("known", "seconds"), [(True, 0.5), (False, 4.0)])
def test_other_processes_are_watched_for_longer_than_pm2_keeps_one_that_has_thrown(
    known: bool, seconds: float
) -> None:
    watched = config(processes={"jobs": {"script": "jobs.js", "instances": 2}})
    gate = gates.alive(watched, "green", ["shop-green-jobs"], known=known)
    assert gate.arguments["min_healthy"] == seconds
    assert gate.arguments["processes"]["shop-green-jobs"]["instances"] == 2


@pytest.mark.parametrize(("supervisor", "seconds"), [("pm2", pm2.LINGERS), ("systemd", 3)])
def test_a_worker_is_watched_for_longer_than_pm2_keeps_one_that_has_thrown(
    supervisor: str, seconds: float
) -> None:
    wanted = config(web={"supervisor": supervisor}, processes={"jobs": {"script": "jobs.js"}})
    gate = gates.alive(wanted, "green", ["shop-green-jobs"], known=False)
    assert gate.arguments["min_healthy"] == seconds
    assert gate.arguments["processes"]["shop-green-jobs"]["units"] == {
        "windlass-shop.jobs@green.1.service": "/srv/shop/run/jobs.green.1.start"
    }
