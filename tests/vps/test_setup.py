"""`fab setup`: a bare server made ready, and a server where the app runs by hand taken over."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.load import Load
from tests.support.node_mirror import mirror
from tests.support.node_mirror import version as node_version
from tests.support.operator import Operator
from tests.support.processes import Completed, wait_until
from tests.vps.apps.tiny import REPOSITORY, ROOT, Deployed
from tests.vps.hosts import bare
from tests.vps.hosts.factory import VpsFactory
from tests.vps.hosts.machine import Vps

Commits = tuple[Path, dict[str, str]]
OLD = "/root/tiny"
OLD_SITE = "/etc/nginx/sites-enabled/tiny"
NAME = "tiny.example"

OLD_NGINX = """\
upstream old_app { server 127.0.0.1:3000; }
server {
    listen 80;
    listen [::]:80;
    server_name tiny.example;
    location / {
        proxy_pass http://old_app;
        proxy_set_header Host $host;
    }
}
"""
NEIGHBOUR = """\
server {
    listen 80;
    server_name neighbour.example;
    location / { return 200 "the neighbour"; }
}
"""


def told(done: Completed, state: str) -> list[str]:
    """The titles of the steps that ended so."""
    events = [json.loads(line) for line in done.stdout.splitlines()]
    return [one["title"] for one in events if one["event"] == "stepended" and one["state"] == state]


# A server where the app runs by hand


@pytest.fixture
def by_hand(vps_factory: VpsFactory, operator: Operator, tiny_commits: Commits) -> Deployed:
    """A server as the runbook leaves it: a checkout of root's, pm2's process `tiny`, somebody's site."""
    vps = vps_factory.boot()
    repository, commits = tiny_commits
    vps.put(repository, REPOSITORY, owner="deploy")
    vps.run(
        f"git config --global --add safe.directory {REPOSITORY}; git clone --quiet {REPOSITORY} {OLD}\n"
        f"cd {OLD}; git reset --quiet --hard {commits['first']}; npm run build\n"
        f"git rev-parse HEAD >REVISION; echo 'PLAIN_SECRET=correct-horse' >.env\n"
        "pm2 -s start server.mjs --name tiny; pm2 -s save; pm2 startup systemd -u root --hp /root >/dev/null\n"
        "pm2 -s kill; systemctl start pm2-root"
    )
    vps.write("/etc/nginx/sites-available/tiny", OLD_NGINX)
    vps.write("/etc/nginx/conf.d/neighbour.conf", NEIGHBOUR)
    vps.run(f"ln -s /etc/nginx/sites-available/tiny {OLD_SITE}; nginx -t; systemctl reload nginx")
    ask = f"curl -s -H 'Host: {NAME}' http://127.0.0.1/api/health"
    wait_until(lambda: commits["first"] in vps.run(ask).stdout, 20, "the old app does not answer")
    app = Deployed(vps, operator, commits)
    app.configure(nginx={"server_names": [NAME]})
    return app


def tree(vps: Vps) -> str:
    """A hash of the old checkout, every file's time of change with it."""
    listing = "find . -type f -printf '%p %m %u %T@ ' -exec sha256sum {} + | sort | sha256sum"
    return vps.run(f"cd {OLD} && {listing}").stdout


def test_an_app_that_runs_by_hand_is_taken_over_without_losing_a_request(by_hand: Deployed) -> None:
    vps, before = by_hand.vps, tree(by_hand.vps)
    with Load(by_hand.url, rate=40, host=NAME, linger=1) as load:
        load.keep_on(1)
        adopted = by_hand.fab("setup", user="root").check()
        load.keep_on(1)
        assert by_hand.fab("setup", "--json", user="root").check().exit_code == 0
        by_hand.deploy("change").check()
        load.wait_for_release(by_hand.commits["change"])
        too_soon = by_hand.deploy("third")
        cleared = by_hand.fab("setup", user="root").check()
        by_hand.deploy("third").check()
        load.wait_for_release(by_hand.commits["third"])
        load.keep_on(1)
    load.report.check()

    for found in (f"tiny of root's pm2 (online, in {OLD})", "on port 3000", f"nginx's {OLD_SITE}"):
        assert found in adopted.stdout
    assert f"mv /etc/nginx/replaced/tiny {OLD_SITE} && rm /etc/nginx/conf.d/tiny.conf" in adopted.stdout
    assert too_soon.exit_code == 1
    assert "remove tiny from root's pm2  done" in cleared.stdout
    assert tree(vps) == before
    assert vps.read(f"{ROOT}/shared/.env") == "PLAIN_SECRET=correct-horse\n"
    assert vps.run(f"stat -c '%a %U' {ROOT}/shared/.env").stdout == "600 deploy\n"
    assert set(load.report.releases) == {by_hand.commits[name] for name in ("first", "change", "third")}

    vps.reboot()
    by_hand.wait_until_up()
    assert json.loads(vps.run("pm2 -s jlist").stdout) == []
    assert vps.run("curl -s -H 'Host: neighbour.example' http://127.0.0.1/").stdout == "the neighbour"
    assert told(by_hand.fab("setup", "--json", user="root").check(), "done") == []


# A bare server

PEBBLE = {
    "pebble": {
        "listenAddress": "127.0.0.1:14000",
        "managementListenAddress": "127.0.0.1:15000",
        "certificate": "/etc/pebble/tls.pem",
        "privateKey": "/etc/pebble/tls.key",
        "httpPort": 80,
        "tlsPort": 443,
    }
}
CERTIFICATE = {
    "certificate": f"/etc/letsencrypt/live/{NAME}/fullchain.pem",
    "certificate_key": f"/etc/letsencrypt/live/{NAME}/privkey.pem",
}
EVERYTHING = ("--database", "--firewall", "--tls", "--email", "ana@tiny.example")


@pytest.fixture
def mirror_url(vps_factory: VpsFactory) -> Iterator[str]:
    """A mirror of node's builds that the hosts can reach."""
    with mirror(vps_factory.slot.gateway) as url:
        yield url


@pytest.fixture
def new(vps_factory: VpsFactory, operator: Operator, tiny_commits: Commits, mirror_url: str) -> Deployed:
    """A server as its provider hands it over, with the app's repository on it and nothing that the app needs."""
    vps = vps_factory.boot_bare(bare.bare())
    vps.put(tiny_commits[0], REPOSITORY)
    app = Deployed(vps, operator, tiny_commits[1])
    app.configure(
        nginx={"server_names": [NAME], **CERTIFICATE},
        setup={"node_dist": mirror_url, "acme": "https://127.0.0.1:14000/dir"},
        git={"submodules": False},
    )
    return app


def reachable(vps: Vps, port: int) -> bool:
    """Whether a visitor can connect."""
    try:
        socket.create_connection((vps.address, port), timeout=2).close()
    except OSError:
        return False
    return True


def start_authority(vps: Vps) -> None:
    """Run a certificate authority on the host that believes what the host's own nginx says."""
    vps.run("apt-get update -q && apt-get install -yq --no-install-recommends pebble", timeout=300)
    vps.write("/etc/pebble/config.json", json.dumps(PEBBLE))
    vps.run(
        f"echo '{vps.address} {NAME}' >>/etc/hosts\n"
        "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -keyout /etc/pebble/tls.key "
        "-out /etc/pebble/tls.pem 2>/dev/null\n"
        "systemd-run --quiet --unit=authority --setenv=PEBBLE_VA_NOSLEEP=1 "
        "pebble -config /etc/pebble/config.json -strict=false"
    )
    # Nobody signed the authority's own certificate.
    vps.write("/etc/letsencrypt/cli.ini", "no-verify-ssl = True\n")


def secret(vps: Vps) -> str:
    """The password in the URL that setup wrote."""
    url = vps.read(f"{ROOT}/shared/.env").partition('"')[2].rstrip('"\n')
    assert url.startswith("postgresql://tiny:")
    return url.split(":")[2].partition("@")[0]


def test_a_bare_server_is_made_ready_once_and_then_left_alone(new: Deployed) -> None:
    vps = new.vps
    start_authority(vps)
    packages = vps.run("dpkg -l | sha256sum").stdout
    shown = new.fab("setup", "--dry-run", *EVERYTHING, user="root").check()
    assert "apt-get" in shown.stdout
    assert f"node-{node_version()}" in shown.stdout
    assert vps.run("dpkg -l | sha256sum").stdout == packages
    assert vps.run("getent passwd deploy", check=False).exit_code == 2

    made = new.fab("setup", "--json", *EVERYTHING, user="root").check()
    assert f"switch to node {node_version().removeprefix('v')}" in told(made, "done")
    again = new.fab("setup", "--json", *EVERYTHING, user="root").check()
    assert told(again, "done") == []
    assert json.loads(again.stdout.splitlines()[-1])["outcome"] == "nothing-to-do"

    assert vps.run(f"stat -c '%a %U' {ROOT}/shared/.env").stdout == "600 deploy\n"
    password = secret(vps)
    assert vps.run(f"grep -rlsF {password} /var/log /tmp /root /etc {ROOT}/logs", check=False).stdout == ""
    assert password not in made.output
    vps.run(f"chown -R deploy: {REPOSITORY}")
    assert ": ready" in new.fab("config.check").check().stdout
    new.deploy("first").check()
    ask = f"curl -sk --resolve {NAME}:443:{vps.address} https://{NAME}/api/health"
    assert new.commits["first"] in vps.run(ask).stdout

    vps.run("systemd-run --quiet python3 -m http.server 9000")
    wait_until(lambda: vps.run("curl -s localhost:9000", check=False).exit_code == 0, 20, "nobody on 9000")
    assert reachable(vps, 80)
    assert not reachable(vps, 9000)
    vps.reboot()
    wait_until(lambda: new.commits["first"] in vps.run(ask, check=False).stdout, 60, "it did not come back")
    assert not reachable(vps, 9000)
    assert told(new.fab("setup", "--json", *EVERYTHING, user="root").check(), "done") == []
