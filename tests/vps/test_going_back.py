"""Rollback, restart, and what is kept for going back."""

from __future__ import annotations

import json

from tests.support.load import Load
from tests.vps import mishaps
from tests.vps.apps.tiny import MIGRATED, MIGRATING, ROOT, Deployed


def test_going_back_twice_goes_further_back_and_never_forward(deployed: Deployed) -> None:
    deployed.deploy("third").check()
    with Load(deployed.url, rate=50, linger=0.5) as load:
        back = deployed.fab("rollback").check()
        assert deployed.live() == "change"
        deployed.fab("rollback").check()
        assert deployed.live() == "first"
    load.report.check()
    assert "install" not in back.output
    assert "build" not in back.output
    assert deployed.current() == f"0001-{deployed.commits['first'][:7]}"
    assert deployed.pm2() == {"tiny-green": "online"}

    before = deployed.ledger()
    refused = deployed.fab("rollback")
    assert refused.exit_code == 1
    assert "there is no good release before 0001-" in refused.output
    assert "fab releases" in refused.output
    assert deployed.ledger() == before
    assert deployed.live() == "first"


def test_going_back_to_a_named_commit_uses_what_is_kept_and_builds_what_is_not(deployed: Deployed) -> None:
    first = deployed.commits["first"]
    done = deployed.fab("rollback", "--commit", first[:8]).check()
    assert deployed.live() == "first"
    assert "check out" not in done.output

    again = deployed.fab("rollback", "--commit", first).check()
    assert "nothing to do" in again.output

    built = deployed.fab("rollback", "--commit", "noisy_build").check()
    assert "check out  done" in built.output
    assert deployed.live() == "noisy_build"

    deployed.fab("rollback", "--commit", f"0001-{first[:7]}").check()
    assert deployed.live() == "first"


def test_a_bad_release_is_not_gone_back_to_unless_it_is_named(deployed: Deployed) -> None:
    deployed.configure(soak={"seconds": 30})
    done = deployed.deploy("dies_every_two_seconds")
    assert done.exit_code == 3, str(done)
    assert "watch for 30 s" in done.stderr
    assert "taken back: 0002-" in done.stderr
    deployed.configure()
    deployed.fab("rollback").check()
    assert deployed.live() == "first"
    deployed.fab("rollback", "--commit", deployed.commits["change"]).check()
    assert deployed.live() == "change"


def test_what_cannot_be_gone_back_to_is_refused(unharmed: Deployed) -> None:
    for arguments, code, words in (
        (("--commit", "nowhere"), 2, "no branch, tag or commit 'nowhere'"),
        (("--commit", "$(touch /tmp/owned)"), 2, "is not a branch, tag or commit"),
        (("--commit=--upload-pack=x",), 2, "is not a branch, tag or commit"),
        (("--stable",), 1, "no kept release is marked stable"),
        (("--stable", "--commit", "first"), 2, "name two releases"),
    ):
        done = unharmed.fab("rollback", *arguments)
        assert done.exit_code == code, str(done)
        assert words in done.output, str(done)
        assert "Traceback" not in done.output, str(done)


def test_a_rollback_takes_the_lock_over_from_a_build(deployed: Deployed) -> None:
    deploy = deployed.start("deploy", "--revision", deployed.commits["slow_build"])
    mishaps.wait_for_step(deployed, "build", deploy)
    dry = deployed.fab("rollback", "--dry-run").check()
    assert "this would take over from deploy by operator@" in dry.stderr, dry
    assert "which is at the step build" in dry.stderr, dry
    assert "# Roll tiny back to 0001-" in dry.stdout, dry
    assert deploy.alive
    with Load(deployed.url, rate=50) as load:
        done = deployed.fab("rollback").check()
    load.report.check()
    assert "taking over from deploy by operator@" in done.output
    ended = deploy.wait(30)
    assert ended.exit_code == 1, ended
    assert "cancelled at build (rollback by operator@" in ended.output, ended
    assert "took the lock over" in ended.output, ended
    assert deployed.live() == "first"
    assert mishaps.disagreements(deployed) == []
    [end] = [record for record in deployed.ledger() if record.get("outcome") == "cancelled"]
    assert "took the lock over" in end["reason"]
    deployed.deploy("third").check()


def test_a_rollback_in_the_soak_goes_back_to_the_release_before(deployed: Deployed) -> None:
    deployed.configure(soak={"seconds": 60})
    deploy = deployed.start("deploy", "--revision", deployed.commits["third"])
    mishaps.wait_for_step(deployed, "watch", deploy)
    deployed.configure()
    with Load(deployed.url, rate=50) as load:
        deployed.fab("rollback").check()
    load.report.check()
    ended = deploy.wait(30)
    assert ended.exit_code == 1, ended
    assert "cancelled at watch for 60 s: rollback by operator@" in ended.output, ended
    assert "took the lock over. 0003-" in ended.output, ended
    assert "stays" not in ended.output, ended
    assert deployed.live() == "change"
    assert mishaps.disagreements(deployed) == []


def test_a_rollback_waits_for_a_migration_and_then_names_it(deployed: Deployed) -> None:
    deployed.configure(**MIGRATING)
    deployed.give_database()
    with mishaps.held(deployed.vps, "curl", "migrate") as migration:
        deploy = deployed.start("deploy", "--force", "--revision", deployed.commits["third"])
        migration.wait(deploy)
        refused = deployed.fab("rollback")
        assert refused.exit_code == 75, refused
        assert deployed.fab("rollback", "--dry-run").exit_code == 75
        assert "deploy by operator@" in refused.output, refused
        assert "(step: migrate), and that step must not be cut short" in refused.output, refused
        assert deploy.alive
        migration.release()
        deploy.wait().check()
    assert deployed.vps.exists(MIGRATED)
    assert deployed.live() == "third"


def test_a_rollback_leaves_a_rollback_alone_and_a_named_one_takes_over(deployed: Deployed) -> None:
    deployed.deploy("third").check()
    deployed.configure(soak={"seconds": 60})
    first = deployed.start("rollback")
    mishaps.wait_for_step(deployed, "watch", first)
    deployed.configure()
    refused = deployed.fab("rollback")
    assert refused.exit_code == 75, refused
    assert "rollback by operator@" in refused.output, refused
    deployed.fab("rollback", "--commit", deployed.commits["first"]).check()
    assert deployed.live() == "first"
    assert "took the lock over" in first.wait(30).output


def test_a_rollback_that_fails_leaves_its_target_good(deployed: Deployed) -> None:
    script = f"{ROOT}/releases/0001-{deployed.commits['first'][:7]}/server.mjs"
    deployed.vps.run(f"chmod 0 {script}")
    failed = deployed.fab("rollback")
    assert failed.exit_code == 1, failed
    assert deployed.live() == "change"
    deployed.vps.run(f"chmod 644 {script}")
    deployed.fab("rollback").check()
    assert deployed.live() == "first"


def test_a_restart_moves_to_the_other_slot_and_loses_nothing(deployed: Deployed) -> None:
    before = deployed.health()
    with Load(deployed.url, rate=50) as load:
        deployed.fab("restart").check()
    load.report.check()
    after = deployed.health()
    assert after["commit"] == before["commit"]
    assert after["pid"] != before["pid"]
    assert deployed.pm2() == {"tiny-green": "online"}
    assert deployed.releases() == [
        f"000{n}-{deployed.commits[c][:7]}" for n, c in ((1, "first"), (2, "change"))
    ]


def test_the_live_the_previous_and_the_stable_release_are_never_pruned(deployed: Deployed) -> None:
    deployed.configure(app={"keep": 2})
    deployed.fab("rollback").check()
    deployed.fab("mark-stable").check()
    for commit in ("third", "change"):
        deployed.deploy(commit).check()
    numbers = [release[:4] for release in deployed.releases()]
    assert numbers == ["0001", "0003", "0004"]
    deployed.fab("rollback", "--stable").check()
    assert deployed.live() == "first"

    # 0003 is good, but it came later.
    refused = deployed.fab("rollback")
    assert refused.exit_code == 1, str(refused)
    assert "no good release before 0001-" in refused.output


def test_a_warm_standby_is_gone_back_to_at_once_and_never_pruned(deployed: Deployed) -> None:
    deployed.configure(app={"keep": 2}, web={"standby": "warm"})
    deployed.deploy("third").check()
    assert deployed.pm2() == {"tiny-blue": "online", "tiny-green": "online"}
    with Load(deployed.url, rate=50) as load:
        done = deployed.fab("rollback", "--json").check()
    load.report.check()
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert "start on blue" not in [event.get("title") for event in events]
    [live] = [event for event in events if event["event"] == "live"]
    assert live["release"] == f"0002-{deployed.commits['change'][:7]}"
    assert deployed.live() == "change"


def test_a_rollback_says_that_env_has_changed(deployed: Deployed) -> None:
    env = f"{ROOT}/shared/.env"
    deployed.vps.run(f"echo 'LATER=yes' >> {env}", user="deploy")
    done = deployed.fab("rollback").check()
    assert ".env has changed since 0001-" in done.output
    assert deployed.get("/env-fingerprint?name=LATER")
