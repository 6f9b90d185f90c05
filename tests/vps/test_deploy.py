"""A good deploy, as a user runs it: what is on the server afterwards, and what visitors noticed of it."""

from __future__ import annotations

import hashlib
import json

from tests.support.load import Load
from tests.support.processes import run
from tests.vps.apps.tiny import ENV, ROOT, SECRETS, Deployed

TREE = (
    f"find {ROOT} -path '*/.git' -prune -o -path {ROOT}/logs -prune -o ! -name lock "
    "-printf '%p %y %m %u %s %T@ %l\\n'"
)
"""Everything below the root but what a fetch, its log and the lock write."""


def test_a_deploy_leaves_what_the_next_commands_go_by(unharmed: Deployed) -> None:
    vps, change = unharmed.vps, unharmed.commits["change"]
    release = f"0002-{change[:7]}"
    assert "the second version" in unharmed.page()
    assert unharmed.health()["commit"] == change
    assert unharmed.current() == release
    assert vps.read(f"{ROOT}/releases/{release}/REVISION") == f"{change}\n"
    assert not vps.exists(f"{ROOT}/releases/{release}/.git")
    assert vps.run(f"readlink {ROOT}/releases/{release}/.env").stdout == f"{ROOT}/shared/.env\n"
    records = [
        (record["event"], record.get("release"), record.get("outcome")) for record in unharmed.ledger()
    ][:6]
    assert [event for event, _, _ in records] == ["start", "live", "end"] * 2
    assert records[-1] == ("end", release, "done")
    assert unharmed.ledger()[5]["live"] == {"slot": "blue", "release": release, "revision": change}


def test_only_the_owner_may_read_what_holds_secrets_or_output(unharmed: Deployed) -> None:
    private = "/home/deploy/.pm2/dump.pm2", f"{ROOT}/shared/.env", f"{ROOT}/backups"
    modes = unharmed.vps.run(f"stat -c '%a %U' {' '.join(private)}").stdout
    assert modes == "600 deploy\n600 deploy\n700 deploy\n"
    logs = f"find {ROOT}/logs -mindepth 1 -path '{ROOT}/logs/2*' -perm /077"
    assert unharmed.vps.run(logs).stdout == ""
    assert unharmed.vps.run(f"find {ROOT}/logs -name '*-build.sh' | wc -l").stdout.strip() != "0"
    assert unharmed.vps.run(f"find {ROOT} ! -user deploy").stdout == ""


def test_visitors_notice_nothing_of_a_deploy(deployed: Deployed) -> None:
    commits = deployed.commits
    with Load(deployed.url, rate=50, linger=0.5) as load:
        done = deployed.deploy("third").check()
        load.wait_for_release(commits["third"])
    load.report.check()
    assert set(load.report.releases) == {commits["change"], commits["third"]}
    assert load.report.releases[commits["change"]].last < load.report.releases[commits["third"]].last
    assert deployed.current() == f"0003-{commits['third'][:7]}"
    assert deployed.pm2() == {"tiny-green": "online"}
    assert deployed.saved() == ["tiny-green"]
    assert "install  unchanged" in done.output

    again = deployed.fab("deploy").check()
    assert "nothing to do" in again.output
    assert len(deployed.ledger()) == 9

    forced = deployed.fab("deploy", "--force", "--json").check()
    events = [json.loads(line) for line in forced.stdout.splitlines()]
    assert events[-1]["event"] == "ended"
    assert (events[-1]["outcome"], events[-1]["live"]) == ("done", f"0004-{commits['third'][:7]}")
    ended = {event["title"]: event["state"] for event in events if event["event"] == "stepended"}
    assert ended["install"] == "done"
    assert deployed.pm2() == {"tiny-blue": "online"}


def test_a_dry_run_changes_nothing(unharmed: Deployed) -> None:
    before = sorted(unharmed.vps.run(TREE).stdout.splitlines())
    done = unharmed.deploy("third", "--dry-run").check()
    assert sorted(unharmed.vps.run(TREE).stdout.splitlines()) == before
    run(["bash", "-n"], stdin=done.stdout).check()
    for step in ("check out", "build", "snapshot", "start on green", "switch to green", "drain blue"):
        assert step in done.stdout
    told = unharmed.deploy("third", "--dry-run", "--json").check().stdout.splitlines()
    planned = [event for event in map(json.loads, told) if event["event"] == "planned"]
    titles = [event["title"] for event in planned if event["kind"] == "step"]
    assert {"check out", "switch to green", "drain blue"} <= set(titles)
    assert "mv" in next(event["command"] for event in planned if event["title"] == "switch to green")


def test_what_a_dry_run_prints_can_be_typed_by_hand(deployed: Deployed) -> None:
    text = deployed.deploy("third", "--dry-run").check().stdout
    with Load(deployed.url, rate=20) as load:
        deployed.vps.run(text, user="deploy")
    load.report.check()
    assert deployed.live() == "third"
    assert deployed.pm2() == {"tiny-green": "online"}


def test_secrets_reach_the_app_unharmed(unharmed: Deployed) -> None:
    for name, value in SECRETS.items():
        expected = hashlib.sha256(value.encode()).hexdigest()
        assert unharmed.get(f"/env-fingerprint?name={name}") == expected, name


def test_secrets_are_seen_nowhere(deployed: Deployed) -> None:
    vps = deployed.vps
    watch = vps.popen(
        "while [ ! -e /tmp/enough ]; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n'; echo; sleep 0.02; done"
        " | sort -u > /tmp/seen"
    )
    said = [deployed.deploy("telltale_build", "--dry-run").check().output]
    said.append(deployed.deploy("telltale_build", "--verbose").check().output)
    said.append(deployed.fab("rollback", "--json").check().output)
    vps.run("touch /tmp/enough")
    watch.wait(30).check()
    seen = vps.read("/tmp/seen")
    assert "build.mjs" in seen
    assert "PLAIN_SECRET='********'" in said[1]
    lines = [line.split("=", 1)[1] for line in ENV.splitlines()]
    for secret in [*SECRETS.values(), *lines]:
        assert secret not in seen
        assert not [text for text in said if secret in text]
    vps.write("/tmp/patterns", "\n".join(SECRETS.values()) + "\n")
    holders = vps.run(
        f"grep -rlFf /tmp/patterns {ROOT} /home /var/log /run /etc 2>/dev/null | xargs stat -c '%a %n' | sort",
        check=False,
    )
    assert holders.stdout == f"600 {ROOT}/shared/.env\n600 {ROOT}/shared/.env.versions/0001\n"
