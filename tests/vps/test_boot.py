"""What a server does by itself after a boot, ordered or not: with the unit that setup installs, and no command."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.operator import Operator
from tests.support.processes import wait_until
from tests.unit import made
from tests.vps import mishaps
from tests.vps.apps.tiny import ROOT, Deployed, Shared
from tests.vps.test_interruptions import MOMENTS, Moment
from windlass.facts.services import Services
from windlass.plan import Gate
from windlass.plans.setup import services

UNIT = "windlass-tiny"
NEIGHBOUR = "setInterval(() => {}, 1000)\n"


@pytest.fixture
def app(bench: Shared, operator: Operator, tiny_commits: tuple[Path, dict[str, str]]) -> Deployed:
    """A running app with the unit, and a neighbour in the same pm2."""
    found = Deployed(bench.host(), operator, tiny_commits[1])
    found.wait_until_up()
    if not found.vps.exists(f"/etc/systemd/system/{UNIT}.service"):
        install(found)
    return found


def install(app: Deployed) -> None:
    """As setup does; and a neighbour, saved in pm2's list."""
    config = made.config(Path(ROOT), app={"name": "tiny"})
    nothing = Services(frozenset(), frozenset(), {})
    step = services.recovery(config, nothing, node="/usr/local/bin", folders=())
    assert not isinstance(step.action, Gate)
    app.vps.run(step.action.text)
    app.vps.write("/home/deploy/blog.js", NEIGHBOUR, owner="deploy")
    app.vps.run("pm2 -s start blog.js && pm2 -s save --force", user="deploy")


def wait_until_right(app: Deployed) -> None:
    """Return once the unit has ended well; AssertionError with its journal where it has not."""
    state = f"systemctl show -P ActiveState {UNIT}"
    wait_until(lambda: app.vps.run(state).stdout.strip() == "active", 60, lambda: journal(app), 0.2)


def journal(app: Deployed) -> str:
    return app.vps.run(f"journalctl --no-pager -b -u {UNIT}; cat {ROOT}/lock", check=False).output


def whole(app: Deployed) -> None:
    """Nothing is half done: one release, served, and told; the neighbour too."""
    app.wait_until_up()
    assert mishaps.disagreements(app) == [], journal(app)
    assert app.pm2()["blog"] == "online"
    assert "blog" in app.saved()
    assert [record for record in app.ledger() if record["event"] == "start"][-1]["run"] in {
        record["run"] for record in app.ledger() if record["event"] == "end"
    }


ORDERED = {name: MOMENTS[name] for name in ("build", "start", "save", "publish", "soak", "drain", "finish")}


@pytest.mark.parametrize("moment", ORDERED.values(), ids=ORDERED)
def test_an_ordinary_reboot_in_the_middle_of_a_deploy_leaves_one_whole_release(
    app: Deployed, moment: Moment
) -> None:
    app.configure(**moment.tables)
    before, commit = app.live(), mishaps.other_commit(app)
    with ExitStack() as stack, ExitStack() as visitors:
        hold = None
        if moment.program:
            hold = stack.enter_context(mishaps.held(app.vps, moment.program, moment.arguments))
        if moment.busy:
            visitors.enter_context(mishaps.connected(app))
        command = app.start("deploy", "--revision", app.commits[commit], *moment.options)
        if hold:
            hold.wait(command)
        else:
            mishaps.wait_for_step(app, moment.step, command)
        app.vps.popen("systemctl reboot")
        if hold:
            hold.release()
        visitors.close()  # no unit of the host's, and so nothing that its shutdown would end
        app.vps.wait_until_off()
        done = command.wait(60)
        app.vps.boot()
    assert done.exit_code != 0
    wait_until_right(app)
    whole(app)
    assert app.live() == (commit if moment.cut_over else before)
    app.configure()
    app.deploy(commit).check()
    whole(app)


def test_a_worker_that_is_in_no_list_is_back_after_the_boot(app: Deployed) -> None:
    app.configure(processes__worker={"script": "server.mjs"}, processes__worker__env={"PORT": "0"})
    app.fab("restart").check()
    dump = "/home/deploy/.pm2/dump.pm2"
    kept = [one for one in json.loads(app.vps.read(dump)) if not one["name"].startswith("tiny")]
    app.vps.write(dump, json.dumps(kept), owner="deploy", mode=0o600)
    app.vps.power_cycle()
    wait_until_right(app)
    assert {name.rpartition("-")[2] for name in app.pm2()} >= {"worker", "blog"}
    assert app.saved() == sorted(app.pm2())
    app.configure()
    app.fab("restart").check()


def test_a_command_that_comes_while_the_server_puts_itself_right_waits_for_it(app: Deployed) -> None:
    app.vps.power_cycle()
    done = app.fab("restart").check()
    assert "holds the lock" not in done.output
    whole(app)


def test_what_was_stopped_stays_stopped(app: Deployed) -> None:
    app.fab("emergency-stop").check()
    app.vps.reboot()
    wait_until_right(app)
    assert {status for name, status in app.pm2().items() if name.startswith("tiny")} == {"stopped"}
    assert app.pm2()["blog"] == "online"
    app.fab("emergency-resume").check()
    whole(app)
