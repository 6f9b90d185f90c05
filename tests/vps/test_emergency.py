"""When it burns: the page at once, also while a deploy runs, and back again through the gate."""

from __future__ import annotations

import urllib.error
import urllib.request

from tests.support.processes import wait_until
from tests.vps.app import ROOT, Deployed
from tests.vps.mishaps import held

CONTACTS = '\n[[contacts]]\nrole = "on call"\ncontact = "+1 555 0100"\n'


def answer(app: Deployed, method: str = "GET") -> tuple[int, str, str]:
    """The status, Retry-After and body that a visitor gets."""
    request = urllib.request.Request(app.url + "/", method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status, "", response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("Retry-After", ""), error.read().decode()


def is_closed(app: Deployed) -> bool:
    status, retry_after, body = answer(app)
    return status == 503 and retry_after == "120" and "Back in a moment" in body


def test_a_stop_shows_the_page_ends_the_processes_and_survives_a_reboot(deployed: Deployed) -> None:
    text = deployed.operator.config_folder / "tiny.toml"
    text.write_text(text.read_text() + CONTACTS)
    done = deployed.fab("emergency-stop", "--reason", "on fire").check()
    assert "on call: +1 555 0100" in done.output
    assert "stopped: visitors get the maintenance page" in done.output
    assert is_closed(deployed)
    assert answer(deployed, "POST")[0] == 503
    assert deployed.pm2() == {"tiny-blue": "stopped"}

    deployed.vps.power_cycle()
    wait_until(lambda: deployed.pm2() == {"tiny-blue": "stopped"}, 20, "pm2 did not come back")
    assert is_closed(deployed)

    refused = deployed.deploy("third")
    assert refused.exit_code == 1
    assert "on fire" in refused.stderr
    assert "emergency-resume" in refused.stderr
    assert deployed.fab("restart").exit_code == 1
    assert "stopped" in deployed.fab("status").check().stdout
    assert is_closed(deployed)

    deployed.fab("emergency-resume").check()
    assert deployed.live() == "change"
    assert deployed.pm2() == {"tiny-blue": "online"}
    deployed.deploy("third").check()
    assert deployed.live() == "third"


def test_stopping_twice_keeps_the_first_reason(deployed: Deployed) -> None:
    deployed.fab("emergency-stop", "--reason", "the first").check()
    deployed.fab("emergency-stop", "--reason", "the second").check()
    assert "the first" in deployed.vps.read(f"{ROOT}/run/stopped")
    assert is_closed(deployed)
    deployed.fab("emergency-resume").check()
    assert deployed.live() == "change"
    assert deployed.fab("emergency-resume").exit_code == 1


def test_a_rollback_while_stopped_chooses_a_release_and_starts_nothing(deployed: Deployed) -> None:
    deployed.fab("emergency-stop").check()
    deployed.fab("rollback").check()
    assert is_closed(deployed)
    assert "online" not in deployed.pm2().values()
    assert deployed.current().startswith("0001-")
    deployed.fab("emergency-resume").check()
    assert deployed.live() == "first"
    assert list(deployed.pm2().values()).count("online") == 1


def test_a_release_that_does_not_come_up_again_leaves_the_page(deployed: Deployed) -> None:
    deployed.fab("emergency-stop").check()
    server = f"{ROOT}/releases/{deployed.current()}/server.mjs"
    good = deployed.vps.read(server)
    deployed.vps.write(server, "process.exit(3)\n", owner="deploy")
    failed = deployed.fab("emergency-resume")
    assert failed.exit_code == 4, failed.output
    assert is_closed(deployed)
    assert "online" not in deployed.pm2().values()
    deployed.vps.write(server, good, owner="deploy")
    deployed.fab("emergency-resume").check()
    assert deployed.live() == "change"


def test_a_stop_ends_a_deploy_that_is_building(deployed: Deployed) -> None:
    deploying = deployed.start("deploy", "--revision", deployed.commits["slow_build"])
    deploying.wait_for("build  started", 30)
    stopping = deployed.start("emergency-stop", "--reason", "now")
    wait_until(lambda: is_closed(deployed), 5, "visitors did not get the page at once")
    stopping.wait(60).check()
    ended = deploying.wait(60)
    assert ended.exit_code == 4, "visitors get the page: a person is wanted"
    assert "emergency-stop" in ended.output
    assert "Traceback" not in ended.output
    assert is_closed(deployed)
    assert "online" not in deployed.pm2().values()
    deployed.fab("emergency-resume").check()
    assert deployed.live() == "change"


def test_a_stop_during_a_cutover_ends_on_one_release_with_the_page_up(deployed: Deployed) -> None:
    with held(deployed.vps, "ln", "current.next") as hold:
        deploying = deployed.start("deploy", "--revision", deployed.commits["third"])
        hold.wait()
        stopping = deployed.start("emergency-stop")
        wait_until(lambda: is_closed(deployed), 5, "visitors did not get the page at once")
        hold.release()
        stopping.wait(90).check()
    assert deploying.wait(60).exit_code == 4
    assert is_closed(deployed)
    assert "online" not in deployed.pm2().values()
    deployed.fab("emergency-resume").check()
    assert deployed.live() in ("change", "third")
    assert deployed.ledger()[-1]["live"]["release"] == deployed.current()


def test_a_holder_that_does_not_end_is_killed_after_the_wait(deployed: Deployed) -> None:
    deploying = deployed.start("deploy", "--revision", deployed.commits["slow_build"])
    deploying.wait_for("build  started", 30)
    deployed.vps.run("pkill -STOP -u deploy -f b64decode")
    done = deployed.fab("emergency-stop", "--wait", "1")
    assert done.check()
    assert "killed" in done.output
    deploying.wait(60)
    assert is_closed(deployed)
    deployed.fab("emergency-resume").check()
    assert deployed.live() == "change"


def test_maintenance_shows_the_page_and_leaves_the_app_running(deployed: Deployed) -> None:
    deployed.fab("maintenance.on", "--reason", "moving").check()
    assert is_closed(deployed)
    assert deployed.pm2() == {"tiny-blue": "online"}
    assert "moving" in deployed.fab("status").check().stdout
    deployed.deploy("third").check()
    assert is_closed(deployed), "somebody put the page up: a deploy does not take it down"
    deployed.fab("maintenance.off").check()
    assert deployed.live() == "third"


def test_a_stop_reaches_the_hosts_that_are_up_and_names_the_others(deployed: Deployed) -> None:
    done = deployed.operator.fab("emergency-stop", "-H", f"{deployed.host},deploy@127.0.0.1:9")
    assert done.exit_code == 4
    assert "127.0.0.1:9" in done.stderr
    assert is_closed(deployed)
    assert deployed.pm2() == {"tiny-blue": "stopped"}
