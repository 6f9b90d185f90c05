"""Several hosts in one command: prepared together, cut over only if all are ready, taken back together."""

from __future__ import annotations

import urllib.error
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.load import Load
from tests.support.operator import Operator
from tests.support.processes import Completed, Running, wait_until
from tests.vps import mishaps
from tests.vps.apps.tiny import MIGRATED, MIGRATING, ROOT, Deployed
from tests.vps.hosts.factory import VpsFactory
from tests.vps.hosts.machine import Image, Vps

RATE = 20
STRANGER = "require('http').createServer((q, r) => r.end('a stranger')).listen(+process.argv[2], '127.0.0.1')"


@dataclass
class Fleet:
    """Hosts of one operator, all with the same release live."""

    apps: list[Deployed]

    @property
    def names(self) -> str:
        return ",".join(app.host for app in self.apps)

    def start(self, task: str, *arguments: str) -> Running:
        return self.apps[0].operator.start(task, "-H", self.names, *arguments)

    def fab(self, task: str, *arguments: str) -> Completed:
        return self.start(task, *arguments).wait(120)

    def start_deploy(self) -> Running:
        return self.start("deploy", "--revision", self.apps[0].commits[self.other])

    def deploy(self) -> Completed:
        return self.start_deploy().wait(120)

    def live(self) -> list[str]:
        return [app.live() for app in self.apps]

    @property
    def other(self) -> str:
        """A commit that is not live on the first host."""
        return mishaps.other_commit(self.apps[0])

    def disagreements(self) -> list[str]:
        return [f"{app.host}: {each}" for app in self.apps for each in mishaps.disagreements(app)]

    def check_next_deploy(self) -> None:
        """The next deploy just works, and all agree."""
        self.deploy().check()
        assert len(set(self.live())) == 1
        assert self.disagreements() == []


class Yard:
    """The hosts that the tests of this module share while they pass."""

    def __init__(self, factory: VpsFactory, image: Image) -> None:
        self._factory, self._image = factory, image
        self.hosts: list[Vps] = []

    def take(self, count: int) -> list[Vps]:
        while len(self.hosts) < count:
            self.hosts.append(self._factory.boot(self._image))
        return self.hosts[:count]

    def give_up(self) -> None:
        while self.hosts:
            self.hosts.pop().kill()


@pytest.fixture(scope="module")
def yard(vps_images: VpsFactory, deployed_image: Image) -> Iterator[Yard]:
    hosts = Yard(vps_images, deployed_image)
    yield hosts
    hosts.give_up()


@pytest.fixture
def fleet(
    yard: Yard, operator: Operator, tiny_commits: tuple[Path, dict[str, str]], request: pytest.FixtureRequest
) -> Iterator[Fleet]:
    """Two hosts, or as many as the test is parametrised with."""
    count = getattr(request, "param", 2)
    found = Fleet([Deployed(vps, operator, tiny_commits[1]) for vps in yard.take(count)])
    for app in found.apps:
        app.wait_until_up()
    failed = request.session.testsfailed
    yield found
    if request.session.testsfailed > failed:
        yard.give_up()


@pytest.mark.parametrize("fleet", [3], indirect=True)
def test_all_are_prepared_at_once_one_migrates_and_none_is_cut_over_until_all_are_ready(fleet: Fleet) -> None:
    old, new = fleet.live()[0], fleet.other
    fleet.apps[0].configure(**MIGRATING)
    for app in fleet.apps:
        app.give_database()
    with ExitStack() as stack:
        loads = [stack.enter_context(Load(app.url, rate=RATE)) for app in fleet.apps]
        builds = [stack.enter_context(mishaps.held(app.vps, "npm", "run")) for app in fleet.apps]
        last = stack.enter_context(mishaps.held(fleet.apps[1].vps, "pm2", "save"))
        deploy = fleet.start("deploy", "--force", "--revision", fleet.apps[0].commits[new])
        for hold in builds:
            hold.wait(deploy)
        for hold in builds:
            hold.release()
        last.wait(deploy)
        for app in (fleet.apps[0], fleet.apps[2]):
            wait_until(lambda app=app: len(app.saved()) == 2, 60, "not ready")  # type: ignore[misc]
        assert fleet.live() == [old] * 3
        last.release()
        deploy.wait().check()
    assert fleet.live() == [new] * 3
    assert [app.vps.exists(MIGRATED) for app in fleet.apps] == [True, False, False]
    assert fleet.disagreements() == []
    for load in loads:
        load.report.check()


def test_none_is_cut_over_where_one_cannot_start(fleet: Fleet) -> None:
    good, bad = fleet.apps
    old = fleet.live()
    good.configure(health={"start_timeout": 2})
    idle = "3000" if bad.vps.exists(f"{ROOT}/run/green") else "3001"
    bad.vps.write("/tmp/stranger.js", STRANGER)
    stranger = bad.vps.popen(f"exec node /tmp/stranger.js {idle}")
    try:
        wait_until(lambda: bad.vps.run(f"ss -Htln 'sport = {idle}'").stdout != "", 10, "no stranger")
        with Load(good.url, rate=RATE) as one, Load(bad.url, rate=RATE) as two:
            done = fleet.deploy()
    finally:
        stranger.kill_group()
    assert done.exit_code == 1, done
    assert f"start failed on {bad.host}" in done.output, done
    assert fleet.live() == old
    assert len(one.report.check().releases) == len(two.report.check().releases) == 1
    assert fleet.disagreements() == []
    good.configure()
    fleet.check_next_deploy()


def test_a_host_that_fails_its_cutover_takes_back_those_before_it(fleet: Fleet) -> None:
    first, second = fleet.apps
    old = fleet.live()
    with (
        Load(first.url, rate=RATE) as one,
        Load(second.url, rate=RATE) as two,
        mishaps.held(second.vps, "mv", "current.next") as hold,
    ):
        new = fleet.other
        deploy = fleet.start_deploy()
        hold.wait(deploy)
        assert first.live() == new
        mishaps.kill_step(second)
        done = deploy.wait()
        assert done.exit_code == 3, done
        assert f"cutover failed on {second.host}" in done.output, done
        assert fleet.live() == old
        assert fleet.disagreements() == []
        fleet.check_next_deploy()
    one.report.check()
    two.report.check()


def test_a_soak_that_fails_on_one_takes_all_back_at_once(fleet: Fleet) -> None:
    first, second = fleet.apps
    old = fleet.live()
    first.configure(soak={"seconds": 60})
    deploy = fleet.start_deploy()
    for app in fleet.apps:
        mishaps.wait_for_step(app, "watch", deploy)
    second.vps.run(f"kill -9 {second.health()['pid']}")
    done = deploy.wait(40)
    assert done.exit_code == 3, done
    assert f"soak failed on {second.host}" in done.output, done
    assert fleet.live() == old
    assert fleet.disagreements() == []
    first.configure()
    fleet.check_next_deploy()


def test_who_is_called_back_starts_what_it_goes_back_to_before_visitors_get_it(fleet: Fleet) -> None:
    first, second = fleet.apps
    old = fleet.live()
    first.configure(soak={"seconds": 60})
    was = next(iter(first.pm2()))
    with Load(first.url, rate=RATE) as load:
        deploy = fleet.start_deploy()
        for app in fleet.apps:
            mishaps.wait_for_step(app, "watch", deploy)
        first.vps.run(f"pm2 -s delete {was}", user="deploy")
        second.vps.run(f"kill -9 {second.health()['pid']}")
        done = deploy.wait(40)
    assert done.exit_code == 3, done
    load.report.check()
    assert fleet.live() == old
    assert fleet.disagreements() == []
    first.configure()
    fleet.check_next_deploy()


def test_a_host_that_is_down_at_the_start_leaves_all_as_they_were(fleet: Fleet) -> None:
    up, down = fleet.apps
    old, runs = up.live(), up.vps.run(f"ls {ROOT}/logs; cat {ROOT}/ledger.jsonl").stdout
    up.configure(ssh={"connect_timeout": 2})
    nobody = up.host.rpartition(".")[0] + ".250"
    down.vps.kill()
    done = up.operator.fab("deploy", "-H", f"{fleet.names},{nobody}")
    assert done.exit_code == 1, done
    assert down.host.partition("@")[2] in done.stderr, done
    assert nobody.partition("@")[2] in done.stderr, done
    assert "Traceback" not in done.output, done
    assert up.live() == old
    assert up.vps.run(f"ls {ROOT}/logs; cat {ROOT}/ledger.jsonl").stdout == runs
    down.vps.boot()
    down.wait_until_up()
    fleet.check_next_deploy()


def test_a_host_that_dies_while_it_prepares_calls_the_others_back(fleet: Fleet) -> None:
    alive, dead = fleet.apps
    old = fleet.live()
    with Load(alive.url, rate=RATE) as load, ExitStack() as stack:
        holds = [stack.enter_context(mishaps.held(app.vps, "npm", "run")) for app in fleet.apps]
        deploy = fleet.start_deploy()
        for hold in holds:
            hold.wait(deploy)
        dead.vps.power_cycle()
        done = deploy.wait(40)
        assert done.exit_code == 1, done
        assert f"was lost on {dead.host}" in done.output, done
        assert f"{alive.host}  cancelled; live: " in done.stdout, done
        assert f"{dead.host}  failed" in done.stdout, done
        assert mishaps.disagreements(alive) == []
        dead.wait_until_up()
        assert fleet.live() == old
    load.report.check()
    fleet.check_next_deploy()


def test_a_line_lost_while_another_finishes_takes_nothing_back(fleet: Fleet) -> None:
    first, second = fleet.apps
    new = fleet.other
    first.configure(web={"drain": 3, "kill_timeout": 1})
    with Load(first.url, rate=RATE) as one, Load(second.url, rate=RATE) as two:
        with mishaps.connected(first), mishaps.connected(second):
            deploy = fleet.start_deploy()
            for app in fleet.apps:
                mishaps.wait_for_step(app, "drain", deploy)
            mishaps.cut_line(second)
            done = deploy.wait(60)
        mishaps.wait_until_free(second)
    assert done.exit_code == 4, done
    assert first.ledger()[-1]["outcome"] == "done"
    assert "cut_short" not in first.ledger()[-1]
    assert "is live and stays live" in done.output, done
    assert fleet.live() == [new, new]
    assert fleet.disagreements() == []
    one.report.check()
    two.report.check()
    first.configure()
    fleet.check_next_deploy()


@pytest.mark.parametrize("silent", [False, True])
def test_a_line_lost_in_the_soak_takes_both_back(fleet: Fleet, silent: bool) -> None:
    first, second = fleet.apps
    old = fleet.live()
    first.configure(soak={"seconds": 120})
    with Load(first.url, rate=RATE) as load:
        deploy = fleet.start_deploy()
        for app in fleet.apps:
            mishaps.wait_for_step(app, "watch", deploy)
        if silent:
            second.vps.cut_network(drop=True, port=22)
        else:
            mishaps.cut_line(second)
        done = deploy.wait(60)
        if silent:
            mishaps.wait_until_free(second, 120)
            second.vps.restore_network()
        mishaps.wait_until_free(second)
    assert done.exit_code == 4, done
    assert f"soak was lost on {second.host}" in done.output, done
    assert "it goes back from it, as the other hosts do" in done.output, done
    assert fleet.live() == old
    assert fleet.disagreements() == []
    load.report.check()
    fleet.fab("status").check()
    first.configure()
    fleet.check_next_deploy()


def test_one_whose_agent_dies_in_the_soak_goes_back_too_when_it_is_put_right(fleet: Fleet) -> None:
    first, second = fleet.apps
    old = fleet.live()
    new = fleet.other
    first.configure(soak={"seconds": 120})
    with Load(first.url, rate=RATE) as one, Load(second.url, rate=RATE) as two:
        deploy = fleet.start_deploy()
        for app in fleet.apps:
            mishaps.wait_for_step(app, "watch", deploy)
        mishaps.kill_both(second)
        done = deploy.wait(60)
        mishaps.wait_until_free(second)
        assert done.exit_code == 4, done
        assert "it goes back from it, as the other hosts do" in done.output, done
        assert fleet.live() == [old[0], new]
        assert fleet.fab("status").exit_code == 4
        first.configure()
        second.fab("deploy", "--revision", second.commits[old[1]]).check()
    assert fleet.live() == old
    assert fleet.disagreements() == []
    one.report.check()
    two.report.check()
    ended = [record for record in second.ledger() if record["event"] == "end"][-1]
    assert (ended["outcome"], ended["live"]["release"]) == ("went-back", second.current())
    fleet.check_next_deploy()


def test_a_rollback_with_one_host_stopped_and_one_running_ends_on_both(fleet: Fleet) -> None:
    fleet.check_next_deploy()
    before = fleet.live()
    fleet.check_next_deploy()
    first, second = fleet.apps
    for stopped, running in ((second, first), (first, second)):
        stopped.fab("emergency-stop").check()
        with Load(running.url, rate=RATE) as load:
            done = fleet.fab("rollback").check()
        load.report.check()
        assert "is chosen: it stays stopped, and visitors get the page" in done.stdout, done
        assert running.live() == before[0]
        stopped.fab("emergency-resume").check()
        assert fleet.live() == before
        assert fleet.disagreements() == []
        fleet.check_next_deploy()
        before = [fleet.apps[0].live()] * 2
        fleet.check_next_deploy()


def test_a_rollback_that_fails_where_it_runs_is_taken_back_where_the_app_is_stopped(fleet: Fleet) -> None:
    running, stopped = fleet.apps
    fleet.check_next_deploy()
    old = fleet.live()
    running.configure(soak={"seconds": 60})
    stopped.fab("emergency-stop").check()
    rollback = fleet.start("rollback")
    mishaps.wait_for_step(running, "watch", rollback)
    running.vps.run(f"kill -9 {running.health()['pid']}")
    done = rollback.wait(60)
    assert done.exit_code in (3, 4), done
    stopped.fab("emergency-resume").check()
    assert fleet.live() == old
    assert fleet.disagreements() == []
    running.configure()
    fleet.check_next_deploy()


def closed(app: Deployed) -> bool:
    """Whether visitors get the maintenance page."""
    try:
        app.page()
    except urllib.error.HTTPError as error:
        return error.code == 503
    return False


def test_with_maintenance_all_are_closed_before_one_migrates_and_stay_so_if_it_fails(fleet: Fleet) -> None:
    first = fleet.apps[0]
    old = fleet.live()
    failing = {**MIGRATING["database"], "command": "curl --version migrate && false"}
    first.configure(build=MIGRATING["build"], database=failing)
    for app in fleet.apps:
        app.give_database()
    with mishaps.held(first.vps, "curl", "migrate") as hold:
        deploy = fleet.start("deploy", "--force", "--maintenance", "--revision", first.commits[fleet.other])
        hold.wait(deploy)
        assert [closed(app) for app in fleet.apps] == [True, True]
        hold.release()
        done = deploy.wait()
    assert done.exit_code == 4, done
    assert [closed(app) for app in fleet.apps] == [True, True]
    for app in fleet.apps:
        app.fab("maintenance.off").check()
    assert fleet.live() == old
    assert fleet.disagreements() == []


def test_with_maintenance_a_failure_before_the_migration_opens_all(fleet: Fleet) -> None:
    first = fleet.apps[0]
    first.configure(**MIGRATING)
    for app in fleet.apps:
        app.give_database()
    with mishaps.held(first.vps, "pg_dump", "") as hold:
        deploy = fleet.start("deploy", "--force", "--maintenance", "--revision", first.commits[fleet.other])
        hold.wait(deploy)
        assert [closed(app) for app in fleet.apps] == [True, True]
        mishaps.kill_step(first)
        done = deploy.wait()
    assert done.exit_code == 1, done
    assert [closed(app) for app in fleet.apps] == [False, False]
    assert fleet.disagreements() == []
    first.configure()
    fleet.check_next_deploy()


def test_ctrl_c_while_one_after_the_other_is_cut_over_leaves_all_on_the_same_release(fleet: Fleet) -> None:
    first, second = fleet.apps
    new = fleet.other
    first.configure(soak={"seconds": 60})
    with mishaps.held(first.vps, "mv", "current.next") as hold:
        deploy = fleet.start_deploy()
        hold.wait(deploy)
        deploy.interrupt()
        deploy.wait_for("all hosts are cut over first")
        assert second.live() != new
        hold.release()
        done = deploy.wait(40).check()
    assert "the release is live and stays" in done.output, done
    assert fleet.live() == [new, new]
    assert fleet.disagreements() == []


def test_rollback_goes_back_on_all_to_one_revision_or_lists_how_they_differ(fleet: Fleet) -> None:
    first, second = fleet.apps
    before = fleet.live()
    fleet.check_next_deploy()
    after = fleet.live()
    with Load(first.url, rate=RATE) as one, Load(second.url, rate=RATE) as two:
        fleet.fab("rollback").check()
    assert fleet.live() == before
    assert after != before
    assert fleet.disagreements() == []
    one.report.check()
    two.report.check()

    first.deploy("slow_start").check()
    assert fleet.fab("status").exit_code == 4
    refused = fleet.fab("rollback")
    assert refused.exit_code == 1, refused
    assert "different revisions" in refused.output, refused
    assert first.host in refused.output, refused
    assert second.host in refused.output, refused
    assert fleet.live() == ["slow_start", before[1]]
    fleet.check_next_deploy()


def test_a_host_that_is_down_is_gone_back_without_once_somebody_agrees(fleet: Fleet) -> None:
    up, down = fleet.apps
    fleet.check_next_deploy()
    before = up.live()
    up.configure(ssh={"connect_timeout": 2})
    down.vps.kill()
    refused = fleet.fab("rollback")
    assert refused.exit_code == 1, refused
    assert f"{down.host} would stay as it is. Go back on the other host?" in refused.output, refused
    assert f"--without {down.host}" in refused.output, refused
    assert up.live() == before

    asked = up.operator.terminal("rollback", "-H", fleet.names)
    asked.wait_for("Go back on the other host?")
    asked.type("y\r")
    done = asked.wait()
    assert done.exit_code == 4, done
    assert "it stays as it was" in done.output, done
    assert up.live() != before
    assert mishaps.disagreements(up) == []

    there = up.live()
    up.deploy(before).check()
    left_out = fleet.fab("rollback", "--without", down.host)
    assert left_out.exit_code == 4, left_out
    assert "left out by --without" in left_out.output, left_out
    assert up.live() == there
    down.vps.boot()
    down.wait_until_up()
    fleet.check_next_deploy()


def test_a_host_with_nothing_to_go_back_to_stays_while_the_other_goes_back(fleet: Fleet) -> None:
    goes, stays = fleet.apps
    fleet.check_next_deploy()
    first = next(iter(stays.releases()))
    stays.fab("rollback", "--commit", first).check()
    there, before = stays.live(), goes.live()
    refused = fleet.fab("rollback")
    assert refused.exit_code == 1, refused
    assert "cannot go back: there is no good release before" in refused.output, refused
    assert f"{stays.host} would stay as it is. Go back on the other host?" in refused.output, refused
    assert (goes.live(), stays.live()) == (before, there)
    done = fleet.fab("rollback", "--without", stays.host)
    assert done.exit_code == 4, done
    assert goes.live() != before
    assert stays.live() == there
    fleet.check_next_deploy()


def test_a_migration_on_one_host_keeps_a_rollback_from_ending_the_deploy_on_any(fleet: Fleet) -> None:
    app = fleet.apps[0]
    new = fleet.other
    app.configure(**MIGRATING)
    for each in fleet.apps:
        each.give_database()
    with mishaps.held(app.vps, "curl", "migrate") as migration:
        deploy = fleet.start("deploy", "--force", "--revision", app.commits[new])
        migration.wait(deploy)
        refused = fleet.fab("rollback")
        assert refused.exit_code == 75, refused
        assert "that step must not be cut short" in refused.output, refused
        migration.release()
        deploy.wait().check()
    assert fleet.live() == [new, new]
    app.configure()


def test_a_rollback_takes_a_deploy_over_on_all_hosts(fleet: Fleet) -> None:
    app = fleet.apps[0]
    fleet.check_next_deploy()
    deploy = fleet.start("deploy", "--revision", app.commits["slow_build"])
    for each in fleet.apps:
        mishaps.wait_for_step(each, "build", deploy)
    before = app.live()
    fleet.fab("rollback").check()
    assert deploy.wait(30).exit_code == 1
    assert len(set(fleet.live())) == 1
    assert app.live() != before
    assert fleet.disagreements() == []


def test_two_deploys_at_once_one_runs_and_the_other_says_who(fleet: Fleet) -> None:
    app, other = fleet.apps
    new = fleet.other
    with mishaps.held(app.vps, "npm", "run") as hold:
        deploy = app.start("deploy", "--revision", app.commits[new])
        mishaps.wait_for_step(app, "build", deploy)
        refused = fleet.deploy()
        assert refused.exit_code == 75, refused
        assert "deploy by operator@" in refused.output, refused
        assert " holds the lock since " in refused.output, refused
        assert "(step: build)" in refused.output, refused
        assert other.live() != new
        hold.release()
        deploy.wait().check()
    assert app.live() == new
    fleet.check_next_deploy()


def test_of_two_deploys_that_start_together_exactly_one_runs(fleet: Fleet) -> None:
    app = fleet.apps[0]
    both = [app.start("deploy", "--force") for _ in range(2)]
    codes = sorted(command.wait().exit_code for command in both)
    assert codes == [0, 75], [command.output for command in both]
    assert mishaps.disagreements(app) == []
