"""The commands that look, as a user runs them: on a host in order, on one in trouble, while a deploy runs."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.support.processes import Completed, wait_until
from tests.unit.bash import is_bash
from tests.vps.apps.tiny import ROOT, SECRETS, Deployed
from tests.vps.hosts.factory import VpsFactory
from tests.vps.mishaps import held

PLAIN = SECRETS["PLAIN_SECRET"]
LOOKS = ("status", "releases", "history", "logs", "lock.show")


def status(app: Deployed, *arguments: str, code: int = 0, **options: Any) -> dict[str, Any]:
    done = app.fab("status", "--json", *arguments, **options)
    assert done.exit_code == code, done
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def rows(done: Completed) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.check().stdout.splitlines()]


def release(app: Deployed, number: int, commit: str) -> str:
    return f"{number:04d}-{app.commits[commit][:7]}"


def test_the_status_of_a_host_in_order(unharmed: Deployed) -> None:
    change = unharmed.commits["change"]
    seen = status(unharmed)
    assert (seen["release"], seen["revision"], seen["slot"]) == (
        release(unharmed, 2, "change"),
        change,
        "blue",
    )
    assert seen["subject"] == "Say which version this is"
    assert seen["commit_age"] > 0
    assert seen["live_for"] > 0
    direct, through = seen["health"]
    assert (direct["ok"], direct["status"], through["ok"], through["status"]) == (True, 200, True, 200)
    assert 0 < through["seconds"] < 5
    [process] = seen["processes"]
    assert (process["name"], process["status"], process["slot"]) == ("tiny-blue", "online", "blue")
    assert process["memory"] > 1_000_000
    assert process["cpu"] is not None
    listeners = {port["port"]: port["listener"] for port in seen["ports"]}
    assert f"(pid {process['pid']}) of deploy" in listeners[3000]
    assert listeners[3001] == ""
    assert "root" in listeners[80]
    assert (seen["nginx"], seen["lock"], seen["warnings"], seen["error"]) == ("active", None, [], "")
    assert seen["memory"]["total"] > seen["memory"]["free"] > 0
    assert seen["disks"][0]["name"] == ROOT

    shown = unharmed.fab("status").check()
    assert f"live        {release(unharmed, 2, 'change')}  blue" in shown.stdout
    assert shown.stderr == ""


def test_root_sees_what_the_owner_sees_and_leaves_nothing_of_its_own(unharmed: Deployed) -> None:
    seen = status(unharmed, user="root")
    assert [process["name"] for process in seen["processes"]] == ["tiny-blue"]
    assert (seen["warnings"], seen["commit_age"] > 0) == ([], True)
    assert "listens on" in unharmed.fab("logs", user="root").check().stdout
    assert unharmed.vps.run(f"find {ROOT} /home/deploy ! -user deploy").stdout == ""
    refused = unharmed.fab("mark-stable", user="root")
    assert refused.exit_code == 1
    assert "belongs to deploy" in refused.stderr


def test_somebody_else_sees_what_they_may(unharmed: Deployed) -> None:
    vps = unharmed.vps
    vps.run("useradd --create-home ann || true; install -d -m 700 -o ann /home/ann/.ssh")
    vps.write("/home/ann/.ssh/authorized_keys", unharmed.operator.public_key, owner="ann", mode=0o600)
    seen = status(unharmed, user="ann")
    assert seen["release"] == release(unharmed, 2, "change")
    assert seen["subject"] == "Say which version this is"
    assert all(answer["ok"] for answer in seen["health"])
    assert seen["warnings"] == ["you are ann, the app is deploy's: pm2, .env and the database were not seen"]
    for command in LOOKS:
        unharmed.fab(command, user="ann").check()


def test_releases_and_history(unharmed: Deployed) -> None:
    newest, oldest = rows(unharmed.fab("releases", "--json"))
    assert (newest["release"], newest["live"], newest["slot"]) == (
        release(unharmed, 2, "change"),
        True,
        "blue",
    )
    assert (oldest["release"], oldest["live"], oldest["verdict"]) == (
        release(unharmed, 1, "first"),
        False,
        "good",
    )
    assert oldest["size"] > 0
    assert oldest["went_live"] < newest["went_live"]
    assert newest["subject"] == "Say which version this is"
    shown = unharmed.fab("releases").check().stdout
    assert shown.index(newest["release"]) < shown.index(oldest["release"])

    history = unharmed.fab("history", "--lines", "500").check().stdout
    [first] = [
        line for line in history.splitlines() if release(unharmed, 1, "first") in line and "done" in line
    ]
    assert "deploy by " in first
    records = rows(unharmed.fab("history", "--json", "--lines", "500"))
    assert [{k: v for k, v in one.items() if k != "host"} for one in reversed(records)] == unharmed.ledger()
    few = rows(unharmed.fab("history", "--json", "--lines", "1"))
    assert len({one["run"] for one in few}) == 1


def test_the_logs_are_those_of_the_live_slot_without_secrets(unharmed: Deployed) -> None:
    log = f"{ROOT}/logs/app/tiny-blue.err.log"
    unharmed.vps.run(f"echo 'the token is {PLAIN}' >>{log}; echo 'A Tidal wave' >>{log}", user="deploy")
    shown = unharmed.fab("logs").check()
    assert "blue out | tiny " in shown.stdout
    assert "blue err | the token is ********" in shown.stdout
    assert PLAIN not in shown.output
    found = unharmed.fab("logs", "--grep", "tidal", "--lines", "1").check().stdout
    assert found == "blue err | A Tidal wave\n"
    assert '"uri":"/"' in unharmed.fab("logs", "--nginx", "--lines", "1000").check().stdout
    wrong = unharmed.fab("logs", "--process", "wroker")
    assert wrong.exit_code == 2
    assert "its processes: web" in wrong.stderr


def test_logs_are_followed_across_a_cutover_until_ctrl_c(deployed: Deployed) -> None:
    following = deployed.start("logs", "--follow", "--lines", "1")
    following.wait_for("blue out | ")
    deployed.deploy("third").check()
    following.wait_for(f"green out | tiny {deployed.commits['third']} listens on")
    following.wait_for("blue out | tiny: SIGINT, closing")
    assert f"green is live now: {release(deployed, 3, 'third')}" in following.stderr
    following.interrupt()
    ended = following.wait(20)
    assert ended.exit_code == 0
    assert "Traceback" not in ended.output
    assert ended.stderr.count("\n") == 1


def test_a_release_is_marked_stable_and_gone_back_to(deployed: Deployed) -> None:
    first, change = release(deployed, 1, "first"), release(deployed, 2, "change")
    assert f"{first} is marked stable" in deployed.fab("mark-stable", "--release", first).check().output
    assert "already marked" in deployed.fab("mark-stable", "--release", first).check().output
    marks = [record for record in deployed.ledger() if record["event"] == "stable"]
    assert [mark["release"] for mark in marks] == [first]
    assert "stable" in deployed.fab("history", "--lines", "1").check().stdout
    unknown = deployed.fab("mark-stable", "--release", "0099-abcdef0")
    assert unknown.exit_code == 1
    assert "keeps no release 0099-abcdef0; nothing was marked" in unknown.stderr

    deployed.fab("rollback", "--stable").check()
    assert deployed.live() == "first"
    kept = {row["release"]: row for row in rows(deployed.fab("releases", "--json"))}
    assert (kept[first]["stable"], kept[first]["live"], kept[change]["verdict"]) == (True, True, "bad")


def test_while_a_deploy_runs_all_look_and_the_lock_is_broken_on_request(deployed: Deployed) -> None:
    with held(deployed.vps, "npm", "build") as build:
        running = deployed.start("deploy", "--revision", deployed.commits["third"])
        build.wait(running)
        for command in LOOKS:
            deployed.fab(command).check()
        lock = status(deployed)["lock"]
        assert (lock["what"], lock["step"]) == ("deploy", "build")
        assert re.search(
            r"held for .*: deploy by .*, step: build, pid \d+\n", deployed.fab("lock.show").stdout
        )
        assert "running" in deployed.fab("history", "--lines", "1").check().stdout

        asked = deployed.fab("lock.break")
        assert asked.exit_code == 1
        assert "End it?" in asked.stderr
        assert "nothing was changed" in asked.stderr
        assert running.alive

        broken = deployed.fab("lock.break", "--yes").check()
    assert "the lock is free" in broken.output
    assert running.wait(30).exit_code == 1
    assert deployed.leftovers() == []
    assert deployed.fab("lock.show").stdout == f"{deployed.host}  free\n"
    last, before = deployed.ledger()[-1], deployed.ledger()[-2]
    assert (last["event"], last["reason"][:12]) == ("broken", "ended deploy")
    assert (before["outcome"], before["step"]) == ("cancelled", "build")
    assert deployed.fab("lock.break", "--yes").check().stdout == f"{deployed.host}  free\n"


def test_a_run_that_will_not_end_is_killed_with_its_step(deployed: Deployed) -> None:
    with held(deployed.vps, "npm", "build") as build:
        running = deployed.start("deploy", "--revision", deployed.commits["third"])
        build.wait(running)
        agent = json.loads(deployed.vps.read(f"{ROOT}/lock"))["pid"]
        deployed.vps.run(f"kill -STOP {agent}")
        broken = deployed.fab("lock.break", "--yes", "--wait", "1").check()
    assert "did not end in time" in broken.output
    assert running.wait(40).exit_code == 1
    assert deployed.leftovers() == []
    assert [record["outcome"] for record in deployed.ledger() if record["event"] == "end"][
        -1
    ] == "interrupted"


def test_what_a_dead_run_left_is_warned_of_and_put_right_by_lock_break(deployed: Deployed) -> None:
    with held(deployed.vps, "npm", "build") as build:
        running = deployed.start("deploy", "--revision", deployed.commits["third"])
        build.wait(running)
        holder = json.loads(deployed.vps.read(f"{ROOT}/lock"))
        deployed.vps.run(f"kill -KILL {holder['pid']}")
        assert "is gone, and its last step still runs" in deployed.fab("lock.show").check().stdout
        deployed.vps.run(f"kill -KILL -- -{holder['group']}")
    running.wait(30)
    wait_until(lambda: "free" in deployed.fab("lock.show").stdout, 20, "still held")
    [warning] = status(deployed)["warnings"]
    assert "did not finish" in warning
    deployed.fab("lock.break").check()
    assert status(deployed)["warnings"] == []
    assert deployed.leftovers() == []


def test_a_host_in_trouble_is_shown_all_the_same(deployed: Deployed) -> None:
    vps = deployed.vps
    vps.run("systemctl stop pm2-deploy nginx; mv /usr/lib/python3/dist-packages/psutil /root/psutil")
    vps.run(
        f"""rm {ROOT}/current; printf '{{"time": "2026' >>{ROOT}/ledger.jsonl; echo 'NEW=1' >>{ROOT}/shared/.env"""
    )
    seen = status(deployed, code=1)
    said = "\n".join(seen["warnings"])
    for part in (
        "`current` is missing",
        "pm2's daemon is not running",
        ".env has changed since",
        "apt-get install python3-psutil",
        "nginx has not loaded",
    ):
        assert part in said
    assert seen["release"] == release(deployed, 2, "change")
    assert [answer["ok"] for answer in seen["health"]] == [False, False]
    assert seen["nginx"] == "not running"
    for command in LOOKS:
        done = deployed.fab(command)
        assert done.exit_code == (1 if command == "status" else 0), done
        assert "Traceback" not in done.output
    assert "what is live does not answer well" in deployed.fab("status").stderr
    vps.run("mv /root/psutil /usr/lib/python3/dist-packages/psutil; systemctl start nginx")
    deployed.fab("restart").check()
    assert status(deployed)["warnings"] == []
    assert deployed.live() == "change"


def test_a_port_that_was_changed_since_the_start_makes_nobody_unwell(unharmed: Deployed) -> None:
    unharmed.configure(web={"ports": [4000, 4001], "args": ["--later"]})
    seen = status(unharmed)
    assert [(answer["url"], answer["ok"]) for answer in seen["health"]] == [
        ("http://127.0.0.1:3000/api/health", True),
        ("127.0.0.1/api/health through nginx", True),
    ]
    assert {port["port"]: port["use"] for port in seen["ports"]}[4000] == "blue, live on 3000"
    said = "\n".join(seen["warnings"])
    assert f"changed since {seen['release']} was started ([web] args): fab restart" in said


def test_a_daemon_whose_pid_file_is_gone_is_still_found(unharmed: Deployed) -> None:
    pid = unharmed.vps.read("/home/deploy/.pm2/pm2.pid")
    unharmed.vps.run("rm /home/deploy/.pm2/pm2.pid")
    try:
        assert status(unharmed)["warnings"] == []
    finally:
        unharmed.vps.write("/home/deploy/.pm2/pm2.pid", pid, owner="deploy")


def test_where_nothing_was_ever_deployed(ready: Deployed) -> None:
    seen = status(ready)
    assert (seen["release"], seen["health"], seen["processes"]) == ("", [], [])
    assert "nothing is deployed yet" in ready.fab("releases").check().stdout
    assert "nothing has been done yet" in ready.fab("history").check().stdout
    assert "nothing is deployed yet" in ready.fab("logs").check().stdout
    assert "free" in ready.fab("lock.show").check().stdout
    nothing = ready.fab("mark-stable")
    assert nothing.exit_code == 1
    assert "nothing is live; nothing was marked" in nothing.stderr
    assert ready.fab("config.check").check().stdout.endswith(f"{ready.host}: ready\n")
    for command in ("emergency-stop", "emergency-resume", "maintenance.on", "maintenance.off", "rollback"):
        done = ready.fab(command)
        assert done.exit_code == 1, done
        assert "nothing was changed" in done.stderr or "is not stopped" in done.stderr, done
        assert "Traceback" not in done.output
    assert not ready.vps.exists(f"{ROOT}/releases")


def test_config_check_lists_all_that_a_server_lacks(deployed: Deployed) -> None:
    deployed.vps.run("rm /usr/bin/rsync; echo '# by hand' >>/etc/nginx/conf.d/tiny.conf")
    deployed.configure(shared={"required": ["NOT_THERE"]}, node={"path": "/opt/nowhere"})
    done = deployed.fab("config.check")
    assert done.exit_code == 1
    assert f"{deployed.host}: not ready for a deploy:" in done.stdout
    assert "rsync: apt-get install rsync" in done.stdout
    assert "NOT_THERE: add to" in done.stdout
    assert "a deploy goes on all the same" in done.stdout
    deployed.operator.config("tiny", "[app]\nname = 3\n")
    assert deployed.fab("config.check").exit_code == 2


def test_hosts_that_differ_and_hosts_that_cannot_be_reached(
    deployed: Deployed, vps_factory: VpsFactory, deployed_image: Any
) -> None:
    other = vps_factory.boot(deployed_image)
    deployed.operator.know(other.address, other.host_key)
    both = f"{deployed.host},deploy@{other.address}"
    fab = deployed.operator.fab
    same = fab("status", "-H", both).check()
    assert same.stdout.count("  live  ") == 2

    deployed.fab("rollback").check()
    differ = fab("status", "-H", both)
    assert differ.exit_code == 4
    assert "the hosts differ in what is live" in differ.stderr
    assert f"{deployed.host}: rollback of {deployed.current()}: done; " in differ.stderr

    other.cut_network(drop=False, port=22)
    for command in LOOKS:
        done = fab(command, "-H", both)
        assert done.exit_code == 1, done
        assert other.address in done.output
        assert deployed.vps.address in done.stdout or command == "logs"
    [row, lost] = [json.loads(line) for line in fab("status", "--json", "-H", both).stdout.splitlines()]
    assert (row["error"], row["release"]) == ("", release(deployed, 1, "first"))
    assert lost["error"]
    assert lost["hint"]


@pytest.mark.parametrize("arguments", [("--revision", "third"), ("--rollback",)])
def test_a_runbook_is_bash_that_holds_no_secret(unharmed: Deployed, arguments: tuple[str, ...]) -> None:
    done = unharmed.fab("runbook", *arguments).check()
    assert is_bash(done.stdout)
    assert "# 1. " in done.stdout
    assert "# == Where a step fails ==" in done.stdout
    assert PLAIN not in done.output
    assert done.stdout.startswith("# ")
