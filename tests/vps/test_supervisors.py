"""Either supervisor, asked for the same: start, gate, cutover, crash, boot, stop, strays, lines, status."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.load import Load
from tests.support.operator import Operator
from tests.support.processes import wait_until
from tests.vps.apps.supervised import SUPERVISORS, Commits, Images, Supervised, Supervisor
from tests.vps.hosts.factory import VpsFactory
from tests.vps.hosts.machine import Vps
from tests.vps.mishaps import wait_for_step


@pytest.fixture(scope="module", params=SUPERVISORS)
def host(
    request: pytest.FixtureRequest, vps_images: VpsFactory, supervised_image: Images
) -> tuple[Vps, Supervisor]:
    return vps_images.boot(supervised_image(request.param)), request.param


@pytest.fixture
def app(host: tuple[Vps, Supervisor], operator: Operator, tiny_commits: Commits) -> Supervised:
    """What is live may be any good commit, as the test before has left it; it alone runs."""
    found = Supervised(host[0], operator, tiny_commits[1], host[1])
    found.wait_until_up()
    found.wait_until_alone()
    return found


def test_a_release_goes_live_and_back_without_losing_a_request(app: Supervised) -> None:
    before = app.live()
    with Load(app.url, rate=40, linger=0.5) as load:
        app.deploy("third").check()
        assert (app.live(), app.alone()) == ("third", True)
        app.fab("rollback").check()
    load.report.check()
    assert (app.live(), app.alone()) == (before, True)


@pytest.mark.parametrize(
    ("commit", "said"),
    [("crash_at_start", "the tide table is missing"), ("answers_500", "all hands are ashore")],
)
def test_a_bad_release_gets_no_visitor_and_its_words_are_shown(
    app: Supervised, commit: str, said: str
) -> None:
    app.configure(health={"start_timeout": 4})
    with Load(app.url, rate=40) as load:
        refused = app.deploy(commit)
    load.report.check()
    assert refused.exit_code == 1, refused
    assert said in refused.output
    assert app.alone()


def test_a_port_that_somebody_else_holds_is_no_slot(app: Supervised) -> None:
    port = 3000 if app.slot() == "green" else 3001
    answer = (
        "import http.server as h\n"
        "class A(h.BaseHTTPRequestHandler):\n"
        "    def do_GET(s): s.send_response(200); s.end_headers()\n"
        f"h.HTTPServer(('127.0.0.1', {port}), A).serve_forever()"
    )
    app.vps.write("/tmp/stranger.py", answer)
    app.vps.run("systemd-run --quiet --unit=stranger --uid=nobody python3 /tmp/stranger.py")
    wait_until(lambda: app.vps.run(f"ss -Hltn 'sport = {port}'").stdout != "", 10, "no stranger")
    try:
        refused = app.deploy("third")
    finally:
        app.vps.run("systemctl stop stranger")
    assert refused.exit_code == 1, refused
    assert f"port {port} is held by" in refused.output
    assert "of user nobody" in refused.output
    assert app.alone()


def test_a_process_that_crashes_is_started_again(app: Supervised) -> None:
    before = app.health()["pid"]
    app.vps.run(f"kill -9 {before}")

    def back() -> bool:
        try:
            return bool(app.health()["pid"] != before)
        except OSError:
            return False

    wait_until(back, 10, "it does not come back")
    (process,) = status(app)["processes"]
    assert (process["status"], process["restarts"]) == ("online", 1)


def test_what_takes_no_orders_is_killed_in_its_time_and_is_no_failure_of_the_servers(app: Supervised) -> None:
    app.deploy("ignores_signals").check()
    with Load(app.url, rate=40) as load:
        app.fab("rollback").check()
    load.report.check()
    assert app.alone()
    assert "windlass" not in app.vps.run("systemctl --failed --plain --no-legend").stdout


def test_what_stops_stays_stopped_and_comes_back_when_it_is_told(app: Supervised) -> None:
    live = app.live()
    app.fab("emergency-stop").check()
    assert app.running() == []
    app.vps.power_cycle()
    assert app.vps.run("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/").stdout == "503"
    assert app.running() == []
    app.fab("emergency-resume").check()
    assert (app.live(), app.alone()) == (live, True)


def test_it_is_there_after_a_boot_whether_the_power_was_cut_or_not(app: Supervised) -> None:
    live = app.live()
    for boot, recovery in ((app.vps.reboot, "enable"), (app.vps.power_cycle, "disable")):
        # Without what puts right what a cut has left, the supervisor has to bring it back by itself.
        app.vps.run(f"systemctl {recovery} --quiet windlass-tiny.service")
        boot()
        app.wait_until_up()
        app.wait_until_alone()
        assert app.live() == live
    app.vps.run("systemctl enable --quiet windlass-tiny.service")


def test_a_power_cut_while_both_slots_run_leaves_what_was_live_alone(app: Supervised) -> None:
    live = app.live()
    deploying = app.start("deploy", "--revision", app.commits["slow_start"])
    wait_for_step(app, "healthy on port", deploying)
    app.vps.power_cycle()
    deploying.kill()
    app.wait_until_up()
    app.wait_until_alone(40)
    assert app.live() == live
    assert "not finish" in app.vps.run("journalctl --quiet --boot --unit=windlass-tiny.service").stdout


def test_a_worker_that_the_configuration_has_no_more_ends_and_one_that_throws_keeps_a_release_off(
    app: Supervised,
) -> None:
    mailer = {"processes__mailer": {"script": "worker.mjs", "kill_timeout": 1, "instances": 2}}
    app.configure(**mailer)
    app.setup()
    app.fab("restart").check()
    both = ["mailer"] if app.supervisor == "pm2" else ["mailer", "mailer-2"]  # pm2 calls them the same
    assert app.running() == [app.slot(), *(f"{app.slot()}-{one}" for one in both)]
    app.configure(**mailer, processes__mailer__env={"WORKER_FILE": "/nowhere/worker"})
    refused = app.deploy("slow_start")
    assert refused.exit_code == 1, refused
    assert "mailer stay up" in refused.output
    app.configure()
    app.fab("restart").check()
    assert app.alone()


def test_its_lines_are_read_wherever_they_are_kept(app: Supervised) -> None:
    app.fab("restart").check()
    told = app.fab("logs", "--lines", "5").check()
    assert f"tiny {app.health()['commit']} listens on" in told.stdout
    assert app.slot() in told.stdout
    none = app.fab("logs", "--grep", "nobody says this").check()
    assert none.stdout == ""
    label = {"pm2": "out", "systemd": "web"}[app.supervisor]
    following = app.start("logs", "--follow", "--lines", "1")
    following.wait_for(f"{app.slot()} {label} | ")
    app.fab("restart").check()
    following.wait_for(f"{app.slot()} {label} | tiny {app.health()['commit']} listens on")
    assert f"{app.slot()} is live now" in following.stderr
    following.interrupt()
    following.wait(20)


def test_the_status_names_what_runs_and_finds_nothing_amiss(app: Supervised) -> None:
    found = status(app)
    (process,) = found["processes"]
    assert (process["slot"], process["status"], process["pid"]) == (app.slot(), "online", app.health()["pid"])
    assert process["memory"] > 1 << 20
    assert found["warnings"] == []


def test_only_what_a_daemon_runs_dies_with_it(app: Supervised) -> None:
    daemons = app.vps.run("pgrep -f '^PM2 v.*God Daemon' || true").stdout.split()
    with Load(app.url, rate=100, linger=1) as load:
        load.keep_on(0.5)
        if daemons:
            app.vps.run(f"kill -9 {' '.join(daemons)}")
        if app.supervisor == "systemd":
            app.vps.run("systemctl daemon-reexec")
        load.keep_on(2)
    if app.supervisor == "systemd":
        load.report.check()
    else:
        # Some are lost, for as long as the unit needs to bring it back with all that it ran.
        assert load.report.failures
    app.wait_until_up()
    app.wait_until_alone()


def status(app: Supervised) -> dict[str, Any]:
    """What `fab status` says of the host."""
    found: dict[str, Any] = json.loads(app.fab("status", "--json").check().stdout)
    return found
