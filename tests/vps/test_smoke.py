"""The hosts themselves: what every other test of this tier takes for granted."""

from __future__ import annotations

import json
import socket
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.support.operator import CHECKOUT, Operator
from tests.support.processes import run, wait_until
from tests.vps.hosts.factory import VpsFactory
from tests.vps.hosts.images import DATABASE_URL
from tests.vps.hosts.machine import Vps
from tests.vps.hosts.network import Slot

RUN_THAT_IS_KILLED = """
import os, signal, sys
from pathlib import Path
from tests.vps.hosts import images
from tests.vps.hosts.machine import Vps
from tests.vps.hosts.network import Slot

slot = Slot(Path(sys.argv[1]))
Vps(slot, images.base(slot)).boot()
print(slot.number, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_host_has_what_a_prepared_server_has(vps: Vps, operator: Operator) -> None:
    assert vps.run("systemctl is-system-running").stdout == "running\n"
    with urllib.request.urlopen(f"http://{vps.address}/", timeout=5) as response:
        assert "nginx" in response.read().decode()
    answer = vps.run(f"psql -At '{DATABASE_URL.replace(chr(39), '%27')}' -c 'SELECT 6 * 7'", user="deploy")
    assert answer.stdout == "42\n"

    operator.know(vps.address, vps.host_key)
    script = "id -un; node --version; npm --version; pm2 -s jlist; echo; command -v rsync git"
    seen = operator.ssh(f"deploy@{vps.address}", script).check().stdout.splitlines()
    assert seen[0] == "deploy"
    assert seen[1].startswith("v22.")
    assert json.loads(seen[3]) == []
    assert seen[4:] == ["/usr/bin/rsync", "/usr/bin/git"]
    assert vps.run("stat -c '%U %a' /srv/prompthub /srv/git").stdout == "deploy 755\n" * 2
    assert operator.ssh(f"root@{vps.address}", "id -u").check().stdout == "0\n"


def test_a_host_is_unknown_until_the_operator_trusts_it(vps: Vps, operator: Operator) -> None:
    refused = operator.ssh(f"deploy@{vps.address}", "true")
    assert refused.exit_code == 255
    assert "Host key verification failed" in refused.stderr


def test_deploy_has_sudo_only_where_a_test_grants_it(vps: Vps) -> None:
    assert vps.run("sudo -n true", user="deploy", check=False).exit_code == 1
    vps.allow_sudo()
    assert vps.run("sudo -n id -u", user="deploy").stdout == "0\n"


def test_what_pm2_saved_comes_back_after_a_power_cut_and_after_a_reboot(vps: Vps) -> None:
    vps.write("/home/deploy/app.js", "setInterval(() => {}, 1000)", owner="deploy")
    vps.run("pm2 start app.js && pm2 save", user="deploy")
    vps.run("echo kept > /var/tmp/kept")
    boots = {vps.run("cat /proc/sys/kernel/random/boot_id").stdout}

    for again in (vps.power_cycle, vps.reboot):
        again()
        boots.add(vps.run("cat /proc/sys/kernel/random/boot_id").stdout)
        assert vps.read("/var/tmp/kept") == "kept\n"
        [app] = json.loads(vps.run("pm2 -s jlist", user="deploy").stdout)
        assert app["pm2_env"]["status"] == "online"
        assert vps.run("systemctl is-system-running").stdout == "running\n"
    assert len(boots) == 3


def test_a_cut_network_is_silent_or_resets_and_comes_back(vps: Vps) -> None:
    def connects() -> bool:
        try:
            socket.create_connection((vps.address, 22), timeout=0.5).close()
        except OSError:
            return False
        return True

    open_line = socket.create_connection((vps.address, 22), timeout=1)
    open_line.recv(4)
    vps.cut_network()
    with pytest.raises(TimeoutError):
        socket.create_connection((vps.address, 80), timeout=0.3)
    assert vps.run("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/").stdout == "200"
    vps.restore_network()
    assert connects()

    vps.cut_network(drop=False)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((vps.address, 80), timeout=1)
    with pytest.raises(ConnectionResetError):
        _talk(open_line)
    vps.restore_network()

    vps.cut_network(port=22)
    assert not connects()
    socket.create_connection((vps.address, 80), timeout=1).close()
    vps.restore_network()
    assert connects()


def test_a_host_reaches_registries_and_its_neighbour_until_the_internet_is_cut(
    vps_factory: VpsFactory,
) -> None:
    one, other = vps_factory.boot(), vps_factory.boot()
    fetch = "curl -sS -o /dev/null --max-time 20 $(npm config get registry)pm2"
    one.run(fetch)
    one.cut_internet()
    assert one.run(fetch, check=False).exit_code in (6, 7)
    assert "nginx" in one.run(f"curl -sS http://{other.address}/").stdout


def test_a_frozen_host_is_the_start_of_others(vps_factory: VpsFactory) -> None:
    first = vps_factory.boot()
    first.run("mkdir -p /srv/prompthub/a && echo 1 > /srv/prompthub/a/one", user="deploy")
    first.run("""runuser -u postgres -- psql -d prompthub -c 'CREATE TABLE kept AS SELECT 7 AS n'""")
    image = vps_factory.freeze(first)

    started = time.monotonic()
    hosts = [vps_factory.boot(image) for _ in range(2)]
    assert time.monotonic() - started < 30

    for host in hosts:
        assert (
            host.run("""runuser -u postgres -- psql -At -d prompthub -c 'SELECT n FROM kept'""").stdout
            == "7\n"
        )
    hosts[0].run("cd /srv/prompthub && mv a b && ln b/one b/two && stat -c %h b/two", user="deploy")
    assert hosts[0].read("/srv/prompthub/b/two") == "1\n"
    assert not hosts[1].exists("/srv/prompthub/b")
    assert hosts[0].host_key != hosts[1].host_key


def test_a_small_disk_can_be_filled_and_freed_while_in_use(vps_factory: VpsFactory) -> None:
    host = vps_factory.create()
    host.write("/srv/prompthub/before", "here", owner="deploy")
    host.small_disk("/srv/prompthub", 64 << 20)
    host.boot()

    host.fill_disk("/srv/prompthub", leave=1 << 20)
    full = host.run("cd /srv/prompthub && head -c 2000000 /dev/zero > big", user="deploy", check=False)
    assert "No space left on device" in full.stderr
    host.power_cycle()
    assert host.read("/srv/prompthub/before") == "here"
    host.free_disk("/srv/prompthub", 64 << 20)
    host.run("cd /srv/prompthub && head -c 2000000 /dev/zero > big", user="deploy")


def test_paths_are_followed_as_the_host_would(vps: Vps) -> None:
    vps.run("mkdir /srv/x && ln -s /srv/x /srv/link && ln -s ../srv/link/hosts /srv/rel")
    vps.write("/srv/link/hosts", "inside", owner="deploy", mode=0o600)
    assert vps.read("/srv/rel") == "inside"
    assert vps.run("stat -c '%U %a' /srv/x/hosts").stdout == "deploy 600\n"
    vps.write("/run/seen", "mounted")
    assert vps.run("cat /run/seen").stdout == "mounted"


def test_what_a_killed_run_left_is_removed_and_a_living_run_is_not_touched(vps: Vps, tmp_path: Path) -> None:
    dead = run([sys.executable, "-c", RUN_THAT_IS_KILLED, tmp_path], cwd=CHECKOUT)
    assert dead.exit_code == -9, dead
    number = int(dead.stdout)
    assert _traces(number)

    Slot(tmp_path / "another").close()

    assert not _traces(number)
    assert vps.run("systemctl is-system-running").stdout == "running\n"


def _traces(number: int) -> str:
    listings = (
        "ip -o link; ip netns; iptables -S; iptables -t nat -S; cat /proc/self/mounts; ls /sys/fs/cgroup/*"
    )
    listing = run(["sh", "-c", listings]).stdout
    return "\n".join(
        line for line in listing.splitlines() if f"wl{number}-" in line or f"wlbr{number}" in line
    )


def _talk(line: socket.socket) -> None:
    wait_until(lambda: not line.send(b"x" * 100), 10, "no reset", interval=0.1)
