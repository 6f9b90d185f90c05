"""The line between operator and server, and the one to the registry: cut, silent, or not read any more."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.load import Load
from tests.support.operator import Operator
from tests.support.processes import wait_until
from tests.vps import mishaps
from tests.vps.apps.tiny import ROOT, Deployed
from tests.vps.hosts.factory import VpsFactory
from tests.vps.hosts.machine import Image
from windlass.agent.step import LOG_HEAD

RATE = 20
AGENT_PATIENCE = 60


def test_a_silent_line_is_given_up_by_both_sides(
    vps_factory: VpsFactory,
    deployed_image: Image,
    operator: Operator,
    tmp_path: Path,
    operator_session: Operator,
    tiny_commits: tuple[Path, dict[str, str]],
) -> None:
    """On one server in the build, on another in the soak, at the same time: it takes a minute."""
    building = Deployed(vps_factory.boot(deployed_image), operator, tiny_commits[1])
    other = Operator(tmp_path / "other", key_of=operator_session)
    soaking = Deployed(vps_factory.boot(deployed_image), other, tiny_commits[1])
    soaking.configure(soak={"seconds": 300})
    for app in (building, soaking):
        app.wait_until_up()
    with (
        Load(building.url, rate=RATE) as before,
        Load(soaking.url, rate=RATE) as after,
        mishaps.held(building.vps, "npm", "run"),
        ThreadPoolExecutor() as pool,
    ):
        one, two = building.start("deploy"), soaking.start("deploy")
        mishaps.wait_for_step(building, "build", one)
        mishaps.wait_for_step(soaking, "watch", two)
        for app in (building, soaking):
            app.vps.cut_network(drop=True, port=22)
        gave_up, left = pool.map(lambda command: command.wait(30), (one, two))

        assert gave_up.exit_code == 4, gave_up
        assert "no sign of" in gave_up.output, gave_up
        assert "finishes or undoes by itself what had begun, within 60 s" in gave_up.output, gave_up
        assert left.exit_code == 4, left
        assert "is live and stays live" in left.output, left
        for app in (building, soaking):
            mishaps.wait_until_free(app, AGENT_PATIENCE)
            assert mishaps.disagreements(app) == []
            app.vps.restore_network()
    assert (building.live(), soaking.live()) == ("change", "third")
    assert "silent for 60 s" in building.ledger()[-1]["reason"]
    before.report.check()
    after.report.check()
    building.deploy("third").check()
    assert "nothing to do" in soaking.fab("deploy").check().output


def test_a_server_that_does_not_answer_is_given_up_and_ctrl_c_does_not_wait_for_it(
    deployed: Deployed,
) -> None:
    deployed.configure(ssh={"connect_timeout": 2})
    deployed.vps.cut_network(drop=True, port=22)
    done = deployed.fab("deploy")
    assert done.exit_code == 1, done
    assert "within 2 s" in done.output, done
    assert done.seconds < 10

    deployed.configure(ssh={"connect_timeout": 60})
    waiting = deployed.start("deploy")
    waiting.wait_for("connecting")
    waiting.interrupt()
    left = waiting.wait(5)
    assert (left.exit_code, left.stderr.strip()) == (130, "interrupted; nothing was changed"), left
    deployed.vps.restore_network()
    assert deployed.leftovers() == []


def test_a_client_that_stops_reading_holds_nothing_up(deployed: Deployed) -> None:
    with Load(deployed.url, rate=RATE) as load:
        deploy = deployed.start("deploy", "--verbose", "--revision", deployed.commits["noisy_build"])
        mishaps.wait_for_step(deployed, "build", deploy)
        deploy.send(signal.SIGSTOP)
        try:
            load.wait_for_release(deployed.commits["noisy_build"])
            mishaps.wait_until_free(deployed)
        finally:
            deploy.send(signal.SIGCONT)
        done = deploy.wait(60).check()
    assert "lines not shown (the log has them)" in done.output
    assert mishaps.disagreements(deployed) == []
    assert deployed.ledger()[-1]["outcome"] == "done"
    load.report.check()
    log = deployed.vps.run(f"cat {ROOT}/logs/*/*-build.log | wc -c").stdout
    assert int(log) > LOG_HEAD  # the beginning, and the end
    deployed.deploy("third").check()


def test_an_unreachable_registry_leaves_the_old_release_live_and_no_half_install(deployed: Deployed) -> None:
    settings = "fetch-retry-mintimeout=10\nfetch-retry-maxtimeout=20\n"
    deployed.vps.write("/home/deploy/.npmrc", settings, owner="deploy")
    deployed.vps.cut_internet()
    with Load(deployed.url, rate=RATE) as load:
        done = deployed.deploy("from_the_registry")
        assert done.exit_code == 1, done
        assert "install: exit code 1. Visitors saw nothing: 0002-" in done.output, done
        assert "npm" in done.output
        assert "full log on the server: " in done.output
        assert deployed.leftovers() == []
        assert not deployed.vps.exists(f"{ROOT}/workspace/.git/windlass-install")

        deployed.vps.restore_network()
        again = deployed.deploy("from_the_registry").check()
    assert "install  unchanged" not in again.output
    assert deployed.live() == "from_the_registry"
    assert mishaps.disagreements(deployed) == []
    load.report.check()


def test_an_install_that_did_not_finish_is_done_anew_by_the_next_deploy_of_what_was_there(
    deployed: Deployed,
) -> None:
    with mishaps.held(deployed.vps, "npm", "ci") as hold:
        deploy = deployed.start("deploy", "--force", "--revision", deployed.commits["third"])
        hold.wait(deploy)
        mishaps.kill_both(deployed)
        assert deploy.wait().exit_code == 1
    mishaps.wait_until_free(deployed)
    done = deployed.deploy("third").check()
    wait_until(lambda: deployed.live() == "third", 5, "third is not live")
    assert "install  unchanged" not in done.output, done
