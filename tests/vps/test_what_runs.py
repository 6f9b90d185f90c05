"""The server knows what runs: releases as they were, processes that should not be, workers that must stay up."""

from __future__ import annotations

from typing import Any

from tests.support.load import Load
from tests.support.processes import wait_until
from tests.vps.apps.tiny import ROOT, Deployed


def process(name: str, file: str = "/tmp/worker", **keys: Any) -> dict[str, dict[str, Any]]:
    """The tables of another process, which writes into a file twice a second."""
    table = {"script": "worker.mjs", "kill_timeout": 1, **keys}
    return {f"processes__{name}": table, f"processes__{name}__env": {"WORKER_FILE": file}}


def online(app: Deployed) -> set[str]:
    return {name for name, status in app.pm2().items() if status == "online"}


def test_a_rollback_starts_a_release_as_it_was_and_a_restart_goes_by_the_configuration(
    deployed: Deployed,
) -> None:
    deployed.configure(**process("jobs"))
    deployed.deploy("third").check()
    assert online(deployed) == {"tiny-green", "tiny-green-jobs"}
    with Load(deployed.url, rate=50, linger=0.5) as load:
        back = deployed.fab("rollback").check()
    load.report.check()
    assert "is started as it was when it was live" in back.output
    assert "[processes.jobs] is new" in back.output
    assert deployed.live() == "change"
    assert online(deployed) == {"tiny-blue"}
    deployed.vps.power_cycle()
    deployed.wait_until_up()
    assert online(deployed) == {"tiny-blue"}
    deployed.fab("restart").check()
    assert online(deployed) == {"tiny-green", "tiny-green-jobs"}


def test_a_renamed_process_does_not_run_on_under_its_old_name(deployed: Deployed) -> None:
    deployed.configure(**process("mailer"))
    deployed.deploy("third").check()
    assert online(deployed) == {"tiny-green", "tiny-green-mailer"}
    for times in ("1", "2"):
        deployed.vps.run("until pkill -9 -f '[w]orker.mjs'; do sleep 0.1; done")
        look = f"until pm2 describe tiny-green-mailer | grep -q 'restarts.* {times} '; do sleep 0.2; done"
        deployed.vps.run(look, user="deploy")
    wait_until(lambda: "tiny-green-mailer" in online(deployed), 20, "it was not started again")
    looked = deployed.fab("status").check().output
    assert "tiny-green-mailer keeps ending: pm2 has restarted it 2 times" in looked, looked
    deployed.configure(**process("post"))
    assert "([processes.post] is new; [processes.mailer] is gone)" in deployed.fab("status").check().output
    changed = deployed.fab("deploy", "--revision", deployed.commits["third"]).check()
    assert "[processes.post] is new; [processes.mailer] is gone" in changed.output
    assert online(deployed) == {"tiny-blue", "tiny-blue-post"}
    assert sorted(deployed.saved()) == ["tiny-blue", "tiny-blue-post"]
    again = deployed.fab("deploy", "--revision", deployed.commits["third"]).check()
    assert "nothing to do" in again.output


def test_a_worker_that_does_not_stay_up_keeps_a_release_from_its_visitors(deployed: Deployed) -> None:
    deployed.configure(**process("jobs", "/nowhere/worker"))
    with Load(deployed.url, rate=50) as load:
        refused = deployed.deploy("third")
    load.report.check()
    assert refused.exit_code == 1, refused
    assert "tiny-green-jobs stay up" in refused.output
    assert deployed.live() == "change"
    assert online(deployed) == {"tiny-blue"}
    assert deployed.leftovers() == []


def test_what_must_not_run_twice_ends_before_it_starts(deployed: Deployed) -> None:
    deployed.configure(**process("clock", exclusive=True))
    deployed.deploy("third").check()
    assert online(deployed) == {"tiny-green", "tiny-green-clock"}
    count = "while :; do pgrep -fc '[w]orker.mjs' >>/tmp/counts; sleep 0.05; done"
    deployed.vps.run(f"systemd-run --quiet --unit=count bash -c {count!r}")
    moved = deployed.fab("restart").check()
    deployed.vps.run("systemctl stop count")
    counts = deployed.vps.run("sort -u /tmp/counts").stdout.split()
    assert set(counts) <= {"0", "1"}
    assert "1" in counts
    assert "end tiny-green-clock" in moved.output
    assert online(deployed) == {"tiny-blue", "tiny-blue-clock"}


def test_a_stop_ends_what_the_app_has_started_whoever_knows_of_it(deployed: Deployed) -> None:
    release = f"{ROOT}/releases/{deployed.current()}"
    stray = "trap '' TERM; while :; do sleep 1; done"
    deployed.vps.run(
        f"systemd-run --quiet --uid=deploy --unit=stray --working-directory={release} "
        f"--setenv=WINDLASS_SLOT=blue bash -c {stray!r}"
    )
    wait_until(lambda: "stray" in deployed.vps.run("systemctl list-units").stdout, 5, "no stray")
    stopped = deployed.fab("emergency-stop").check()
    assert "did not end in time and is killed" in stopped.output
    assert deployed.vps.run("pgrep -u deploy -f '[s]leep 1' || true").stdout == ""
    deployed.fab("emergency-resume").check()
    assert deployed.live() == "change"
