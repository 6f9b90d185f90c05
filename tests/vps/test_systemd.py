"""systemd beside pm2: the way from one to the other, and what nobody gets by it who had it not before."""

from __future__ import annotations

import pytest

from tests.support.load import Load
from tests.support.operator import Operator
from tests.support.processes import wait_until
from tests.vps.apps.prompthub import CONFIG as PROMPTHUB
from tests.vps.apps.prompthub import PrompthubHosts, page
from tests.vps.apps.supervised import APP_USER, Commits, Images, Supervised
from tests.vps.apps.tiny import ENV, ROOT
from tests.vps.hosts.factory import VpsFactory
from tests.vps.hosts.machine import Vps

# From one to the other


@pytest.fixture
def moving(
    vps_factory: VpsFactory, supervised_image: Images, operator: Operator, tiny_commits: Commits
) -> Supervised:
    """A host of one's own that is ready for pm2, whose configuration has just been given to systemd."""
    vps = vps_factory.boot(supervised_image("pm2"))
    found = Supervised(vps, operator, tiny_commits[1], "systemd")
    found.wait_until_up()
    return found


def test_an_app_moves_to_the_other_supervisor_and_back_without_losing_a_request(moving: Supervised) -> None:
    lacks = moving.deploy("third")
    assert lacks.exit_code == 1, lacks
    assert "/etc/systemd/system/windlass-tiny.web@.service is missing" in lacks.output
    assert "installs the units and the rights to use them" in lacks.output
    assert "build" not in [record.get("step") for record in moving.ledger()]
    with Load(moving.url, rate=40, linger=0.5) as load:
        assert "what runs moves to systemd with: fab restart" in moving.setup()
        assert moving.running() == [f"elsewhere: {moving.slot()}"]
        moving.fab("restart").check()
        assert moving.alone()
        moving.deploy("third").check()
        moving.fab("rollback").check()
    load.report.check()
    assert moving.saved() == []
    moving.vps.power_cycle()
    moving.wait_until_up()
    moving.wait_until_alone()

    moving.supervisor = "pm2"
    moving.configure()
    with Load(moving.url, rate=40, linger=0.5) as load:
        assert "what runs moves to pm2 with: fab restart" in moving.setup()
        moving.fab("restart").check()
    load.report.check()
    assert moving.alone()
    assert "remove windlass-tiny.web@.service" in moving.setup()
    left = "ls /etc/sudoers.d /etc/systemd/system /etc/systemd/system/multi-user.target.wants | grep 'tiny.*@' || true"
    assert moving.vps.run(left).stdout == ""
    moving.vps.power_cycle()
    moving.wait_until_up()
    moving.wait_until_alone()


@pytest.mark.timeout(900)  # it may wait for the image
def test_the_next_js_app_bears_what_a_unit_forbids(prompthub_hosts: PrompthubHosts) -> None:
    server = prompthub_hosts.boot()
    server.operator.config("prompthub", PROMPTHUB.replace("[web]\n", '[web]\nsupervisor = "systemd"\n'))
    before = page(server)
    with Load(server.url, rate=20, linger=0.5) as load:
        server.operator.fab("setup", "-H", f"root@{server.host.address}").check()
        server.fab("restart").check()
        assert page(server) == before
    load.report.check()
    units = "systemctl list-units --plain --no-legend 'windlass-prompthub.*@*'"
    assert server.host.run(units).stdout.count(" active running ") == 1
    assert server.host.run("pm2 -s jlist", user="deploy").stdout.strip() == "[]"
    found = server.host.run(f"ls -A /var/cache/windlass-prompthub/releases/{server.live}/.next").stdout
    assert found == "cache\n"
    told = server.fab("logs", "--lines", "20").check()
    assert "EACCES" not in told.output
    assert "EROFS" not in told.output


# What nobody gets by it

REFUSED = (
    "start nginx.service",
    "restart windlass-tiny.web@blue.1.service",
    "start windlass-tiny.web@blue.1.service nginx.service",
    "start --now windlass-tiny.web@blue.1.service",
    "start windlass-tiny.web@blue.0.service",
    "start windlass-tiny.web@blue.123.service",
    "start windlass-tiny.web@blue.a.service",
    "start 'windlass-tiny.web@blue.1.service '",
    "start 'windlass-tiny.web@blue. .service'",
    "edit windlass-tiny.web@blue.1.service",
    "-H root@elsewhere start windlass-tiny.web@blue.1.service",
)


@pytest.fixture(scope="module")
def host(vps_images: VpsFactory, supervised_image: Images) -> Vps:
    return vps_images.boot(supervised_image("systemd"))


@pytest.fixture
def guarded(host: Vps, operator: Operator, tiny_commits: Commits) -> Supervised:
    """Shared by the tests below; what is live may be any good commit."""
    found = Supervised(host, operator, tiny_commits[1], "systemd")
    found.wait_until_up()
    found.wait_until_alone()
    return found


def test_the_user_who_deploys_may_start_and_stop_what_is_the_apps_and_nothing_else(
    guarded: Supervised,
) -> None:
    vps = guarded.vps
    for words in REFUSED:
        done = vps.run(f"sudo -n /usr/bin/systemctl {words}", user="deploy", check=False)
        assert (done.exit_code, "password is required" in done.output) == (1, True), words
    # sudo joins the words before it compares them; systemd does not.
    joined = vps.run(
        "sudo -n /usr/bin/systemctl 'start windlass-tiny.web@blue.1.service'", user="deploy", check=False
    )
    assert "Unknown command verb" in joined.output
    for program in ("/bin/sh -c id", "/usr/bin/tee /etc/x", "-u tiny-app /bin/sh", "-e /etc/hosts"):
        done = vps.run(f"sudo -n {program}", user="deploy", check=False)
        assert done.exit_code == 1, program


def test_root_opens_nothing_in_the_apps_folder_for_the_user_who_deploys(guarded: Supervised) -> None:
    vps, unit = guarded.vps, f"windlass-tiny.web@{'green' if guarded.slot() == 'blue' else 'blue'}.1.service"
    script = f"{ROOT}/run/web.{unit.partition('@')[2].removesuffix('.service')}.start"
    vps.run("umask 077; echo 'echo the secret of root' >/root/secret")
    for target in ("/root/secret", "/etc/shadow"):
        vps.run(f"ln -sfT {target} {script}", user="deploy")
        vps.run(f"sudo -n /usr/bin/systemctl start {unit}", user="deploy", check=False)
        wait_until(lambda: "Permission denied" in lines(vps, unit), 10, lambda: lines(vps, unit))
        vps.run(f"sudo -n /usr/bin/systemctl stop {unit}; rm {script}", user="deploy")
    assert "the secret" not in lines(vps, unit)
    vps.run(f"printf 'id\\nid >/root/made\\nid >{ROOT}/made\\nsleep 5\\n' >{script}", user="deploy")
    vps.run(f"sudo -n /usr/bin/systemctl start {unit}", user="deploy")
    wait_until(lambda: "(tiny-app)" in lines(vps, unit), 10, lambda: lines(vps, unit))
    vps.run(f"sudo -n /usr/bin/systemctl stop {unit}; rm {script}", user="deploy")
    assert not vps.exists("/root/made")
    assert not vps.exists(f"{ROOT}/made")


def test_the_app_reads_what_it_runs_and_changes_nothing_of_it(guarded: Supervised) -> None:
    vps, release = guarded.vps, f"{ROOT}/releases/{guarded.current()}"
    places = (
        f"{release}/server.mjs",
        f"{ROOT}/lock",
        f"{ROOT}/ledger.jsonl",
        f"{ROOT}/run/stopped",
        f"{ROOT}/shared/.env",
    )
    for place in places:
        done = vps.run(f"runuser -u {APP_USER} -- sh -c 'echo x >>{place}'", check=False)
        assert "Permission denied" in done.output, place
    assert vps.run(f"runuser -u {APP_USER} -- cat {ROOT}/shared/.env").stdout == ENV
    other = vps.run(f"runuser -u nobody -- cat {ROOT}/shared/.env", check=False)
    assert "Permission denied" in other.output
    shown = vps.run(
        f"systemctl show -p User,NoNewPrivileges,ProtectSystem windlass-tiny.web@{guarded.slot()}.1"
    ).stdout
    assert shown.split() == ["User=tiny-app", "ProtectSystem=strict", "NoNewPrivileges=yes"]


def test_env_push_keeps_what_the_app_may_read(guarded: Supervised) -> None:
    guarded.operator.home.joinpath("new.env").write_text(f"{ENV}MORE=1\n")
    guarded.fab("env.push", str(guarded.operator.home / "new.env")).check()
    stat = f"stat -c '%a %U %G' {ROOT}/shared/.env"
    assert guarded.vps.run(stat).stdout == "640 deploy tiny-app\n"
    again = guarded.fab("env.push", str(guarded.operator.home / "new.env")).check()
    assert "is in place already" in again.output
    guarded.fab("env.use", "1").check()
    assert guarded.vps.run(stat).stdout == "640 deploy tiny-app\n"


def test_a_unit_that_is_not_as_the_configuration_wants_stops_a_deploy_before_its_build(
    guarded: Supervised,
) -> None:
    guarded.configure(web={"max_memory": "300M"})
    refused = guarded.deploy("third")
    assert refused.exit_code == 1, refused
    assert "windlass-tiny.web@.service is not what the config gives" in refused.output
    assert "fab setup -H root@" in refused.output
    guarded.setup()
    guarded.fab("restart").check()
    shown = guarded.vps.run(f"systemctl show -p MemoryMax windlass-tiny.web@{guarded.slot()}.1").stdout
    assert shown == f"MemoryMax={300 << 20}\n"
    guarded.configure()
    guarded.setup()
    guarded.fab("restart").check()


def test_each_of_several_web_processes_is_a_unit_that_has_its_own_port(guarded: Supervised) -> None:
    vps = guarded.vps
    if guarded.slot() == "green":
        guarded.fab("restart").check()
    guarded.configure(web={"ports": [3000, 3100], "instances": 2})
    guarded.setup()
    guarded.fab("restart").check()
    assert guarded.running() == ["green", "green-2"]
    ports = vps.run("ss -Hltn 'sport >= 3000 and sport <= 3200' | awk '{ print $4 }' | sort").stdout.split()
    assert ports == ["127.0.0.1:3100", "127.0.0.1:3101"]
    vps.run("systemctl disable --quiet windlass-tiny.service")
    vps.power_cycle()
    guarded.wait_until_up()
    wait_until(lambda: guarded.running() == ["green", "green-2"], 20, lambda: str(guarded.running()))
    vps.run("systemctl enable --quiet windlass-tiny.service")
    vps.run(
        "systemctl stop windlass-tiny.web@green.2; systemd-run --quiet --unit=thief --uid=tiny-app "
        "python3 -m http.server --bind 127.0.0.1 3101"
    )
    wait_until(lambda: "3101" in vps.run("ss -Hltn 'sport = 3101'").stdout, 10, "no thief")
    missing = guarded.fab("status").output
    assert "windlass-tiny.web@green.2 is not running" in missing
    vps.run("systemctl stop thief")
    guarded.fab("restart").check()
    assert guarded.running() == ["blue", "blue-2"]
    guarded.configure(web={"ports": [3000, 3100]})
    guarded.setup()
    guarded.fab("restart").check()
    assert guarded.running() == ["green"]
    guarded.fab("restart").check()
    guarded.configure()
    guarded.setup()
    guarded.fab("restart").check()
    assert guarded.alone()


def lines(vps: Vps, unit: str) -> str:
    """The unit's lines in the journal."""
    return vps.run(f"journalctl --quiet --output=cat --unit={unit}").stdout
