"""emergency-stop: the page at once, whatever else is going on; and the way back."""

from __future__ import annotations

import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from tests.support.load import Load
from tests.support.operator import Operator
from tests.support.processes import wait_until
from tests.vps import mishaps
from tests.vps.apps.tiny import ROOT, Deployed, Shared
from tests.vps.hosts.factory import VpsFactory
from tests.vps.hosts.machine import Image

CONTACT = '[[contacts]]\nrole = "On call"\ncontact = "+00 000 000000"\n'


@pytest.fixture
def app(
    bench: Shared,
    operator: Operator,
    tiny_commits: tuple[Path, dict[str, str]],
    request: pytest.FixtureRequest,
) -> Iterator[Deployed]:
    """A running app on a host that the tests of this module share while they pass."""
    found = Deployed(bench.host(), operator, tiny_commits[1])
    found.wait_until_up()
    failed = request.session.testsfailed
    yield found
    found.vps.restore_network()
    if request.session.testsfailed > failed or mishaps.disagreements(found):
        bench.give_up()


def answer(app: Deployed, path: str = "/", method: str = "GET") -> tuple[int, str, str]:
    """The status, Retry-After and body that a visitor gets."""
    request = urllib.request.Request(app.url + path, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status, "", response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("Retry-After", ""), error.read().decode()


def closed(app: Deployed) -> bool:
    status, retry, page = answer(app)
    assert status in (200, 503)
    return status == 503 and int(retry) > 0 and "<html" in page


def stopped(app: Deployed) -> bool:
    return set(app.pm2().values()) == {"stopped"}


def resume(app: Deployed) -> None:
    app.fab("emergency-resume").check()
    assert mishaps.disagreements(app) == []
    assert answer(app)[0] == 200


def test_a_stopped_app_shows_the_page_also_after_a_reboot_until_it_is_resumed(app: Deployed) -> None:
    live = app.live()
    config = app.operator.config_folder / "tiny.toml"
    config.write_text(config.read_text() + CONTACT)
    done = app.fab("emergency-stop", "--reason", "the prices are wrong").check()
    assert "On call: +00 000 000000" in done.output
    assert closed(app)
    assert answer(app, "/api/health", "POST")[0] == 503
    assert stopped(app)

    again = app.fab("emergency-stop", "--reason", "another one").check()
    assert "Traceback" not in again.output
    assert "the prices are wrong" in app.fab("status").check().stdout
    assert app.fab("restart").exit_code == 1
    refused = app.deploy("third")
    assert refused.exit_code == 1, refused
    assert "is stopped (by " in refused.output, refused
    assert "the prices are wrong" in refused.output, refused
    assert "fab emergency-resume" in refused.output, refused

    app.vps.power_cycle()
    wait_until(lambda: closed(app), 20, "no page after the reboot")
    assert stopped(app)
    assert app.vps.run("ss -Htln 'sport = 3000 or sport = 3001'").stdout == ""

    resume(app)
    assert app.live() == live
    assert "is not stopped" in app.fab("emergency-resume").output


@pytest.mark.parametrize("moment", ["build", "cutover", "soak"])
def test_the_page_is_up_within_a_round_trip_while_a_deploy_is_in_its(app: Deployed, moment: str) -> None:
    old, new = app.live(), mishaps.other_commit(app)
    program, arguments = {"build": ("npm", "run"), "cutover": ("mv", "current.next"), "soak": ("", "")}[
        moment
    ]
    app.configure(soak={"seconds": 60})
    with mishaps.held(app.vps, program, arguments) if program else nullcontext() as hold:
        deploy = app.start("deploy", "--revision", app.commits[new])
        mishaps.wait_for_step(app, {"build": "build", "cutover": "publish", "soak": "watch"}[moment], deploy)
        stop = app.start("emergency-stop", "--reason", "smoke")
        stop.wait_for("visitors get the maintenance page")
        assert closed(app)
        if moment == "cutover":
            assert deploy.alive
            assert hold
            hold.release()
        ended, done = deploy.wait(30), stop.wait(30).check()
    assert ended.exit_code == 4, ended
    assert "emergency-stop by " in ended.output, ended
    assert "smoke" in ended.output, ended
    assert "isitors get the maintenance page" in ended.output, ended
    assert "fab emergency-resume" in ended.output, ended
    assert "Traceback" not in ended.output + done.output
    assert stopped(app)
    assert closed(app)
    assert app.vps.run("ss -Htln 'sport = 3000 or sport = 3001'").stdout == ""
    resume(app)
    assert app.live() == (old if moment == "build" else new)


def test_a_holder_that_does_not_end_is_killed_after_the_wait(app: Deployed) -> None:
    old, new = app.live(), mishaps.other_commit(app)
    with mishaps.held(app.vps, "npm", "run"):
        deploy = app.start("deploy", "--revision", app.commits[new])
        mishaps.wait_for_step(app, "build", deploy)
        mishaps.kill_agent(app, signal.SIGSTOP)
        began = time.monotonic()
        done = app.fab("emergency-stop", "--wait", "1").check()
        assert time.monotonic() - began < 20
        assert "did not end in time" in done.output, done
        assert deploy.wait(30).exit_code == 1
    assert stopped(app)
    assert app.processes() == ""
    resume(app)
    assert app.live() == old


def test_a_rollback_while_stopped_chooses_and_starts_nothing(app: Deployed) -> None:
    before = app.live()
    app.fab("emergency-stop").check()
    done = app.fab("rollback").check()
    assert closed(app)
    assert stopped(app)
    assert "emergency-resume" in done.output, done
    resume(app)
    assert app.live() != before


def test_a_resume_of_a_broken_release_leaves_the_page(app: Deployed) -> None:
    app.fab("emergency-stop").check()
    server = f"{ROOT}/releases/{app.current()}/server.mjs"
    whole = app.vps.read(server)
    app.vps.write(server, "throw new Error('the hull is breached');\n")
    app.configure(health={"start_timeout": 2})
    done = app.fab("emergency-resume")
    assert done.exit_code == 4, done
    assert "the hull is breached" in done.output, done
    assert "isitors get the maintenance page" in done.output, done
    assert closed(app)
    assert "online" not in app.pm2().values()
    app.vps.write(server, whole)
    resume(app)


def test_maintenance_shows_the_page_while_the_app_goes_on(app: Deployed) -> None:
    pid, new = app.health()["pid"], mishaps.other_commit(app)
    app.fab("maintenance.on", "--reason", "moving house").check()
    assert closed(app)
    assert set(app.pm2().values()) == {"online"}
    assert "moving house" in app.fab("status").check().stdout
    app.fab("maintenance.off").check()
    assert app.health()["pid"] == pid
    app.fab("maintenance.on").check()
    app.deploy(new).check()
    assert closed(app), "somebody put the page up: a deploy does not take it down"
    app.fab("maintenance.off").check()
    app.fab("emergency-stop").check()
    told = app.fab("maintenance.off").check()
    assert "fab emergency-resume" in told.output
    assert closed(app)
    resume(app)


def test_two_terminals_a_rollback_gives_way_to_a_stop(app: Deployed) -> None:
    app.configure(soak={"seconds": 60})
    rollback = app.start("rollback")
    mishaps.wait_for_step(app, "watch", rollback)
    second = app.fab("rollback")
    assert second.exit_code == 75, second
    assert "rollback by operator@" in second.output, second
    assert "(step: watch" in second.output, second
    app.fab("emergency-stop").check()
    assert rollback.wait(30).exit_code == 4
    assert stopped(app)
    resume(app)


def test_several_hosts_are_stopped_though_one_is_down(
    app: Deployed,
    vps_factory: VpsFactory,
    deployed_image: Image,
) -> None:
    app.configure(ssh={"connect_timeout": 2})
    down = vps_factory.create(deployed_image)
    app.operator.know(down.address, down.host_key)
    stop: Any = app.operator.fab("emergency-stop", "-H", f"deploy@{down.address},{app.host}")
    assert stop.exit_code == 4, stop
    assert down.address in stop.stderr, stop
    assert closed(app)
    assert stopped(app)
    resume(app)


def test_a_deploy_after_a_stop_and_a_resume_loses_no_request(app: Deployed) -> None:
    app.fab("emergency-stop").check()
    resume(app)
    with Load(app.url, rate=20) as load:
        app.deploy(mishaps.other_commit(app)).check()
    load.report.check()
    assert mishaps.disagreements(app) == []
