"""env.push, env.use and env.list on real hosts: before the first deploy, killed on the way, on two hosts at once."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.operator import Operator
from tests.support.processes import Completed, wait_until
from tests.vps import mishaps
from tests.vps.apps.tiny import ENV, ROOT, SECRETS, Deployed
from tests.vps.hosts.factory import VpsFactory
from tests.vps.hosts.machine import Image, Vps

SHARED = f"{ROOT}/shared"
PEM = "-----BEGIN KEY-----\nMIIEvAIBADANBgkqhkiG9w0BAQEFAASC\n-----END KEY-----"
FILE = f'{ENV}KEY="{PEM}"\nEMPTY=\nNEXT_PUBLIC_API=https://first.example\n'
TELLTALE = [*SECRETS.values(), "MIIEvAIBADANBgkqhkiG9w0BAQEFAASC", "first.example", "rotated-password"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "production.env"


def rows(done: Completed) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.check().stdout.splitlines()]


def versions(vps: Vps) -> dict[str, str]:
    return {path.name: path.read_text() for path in vps.path(f"{SHARED}/.env.versions").iterdir()}


def leaks(app: Deployed) -> list[str]:
    """The files that hold a secret, but for `.env` and its versions, and the processes that show one."""
    places = [app.vps.path(ROOT) / name for name in ("ledger.jsonl", "lock")]
    places += [path for path in app.vps.path(f"{ROOT}/logs").rglob("*") if path.is_file()]
    shown = app.vps.run("ps -eo args; cat /proc/[0-9]*/cmdline | tr '\\0' '\\n'").stdout
    texts = {str(path): path.read_text(errors="replace") for path in places} | {"processes": shown}
    return [f"{place}: {secret}" for place, text in texts.items() for secret in TELLTALE if secret in text]


def seen_by_app(app: Deployed, name: str) -> str:
    return app.get(f"/env-fingerprint?name={name}").strip()


def fingerprint(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def test_from_the_first_push_to_another_version_and_back(ready: Deployed, file: Path) -> None:
    file.write_text(FILE)
    ready.vps.run(f"rm -r {ROOT}/*")
    push_before_the_first_deploy(ready, file)
    ready.deploy("first").check()
    for name, value in {**SECRETS, "KEY": PEM}.items():
        assert seen_by_app(ready, name) == fingerprint(value), name
    rotate(ready, file)
    ready.deploy("change").check()
    go_back(ready)

    told = {task: ready.fab(task).check().output for task in ("env.list", "history", "releases")}
    assert re.search(r"kept: version 1 .*  0001-.*\n", told["env.list"])
    assert ".env version 3" in told["history"]
    assert re.search(r"0002-\w+  bad .* 2  ", told["releases"])
    assert [record["env"] for record in ready.ledger() if record["event"] == "live"] == [1, 2, 2, 1]
    assert not any(secret in text for secret in TELLTALE for text in told.values())
    assert leaks(ready) == []
    assert mishaps.disagreements(ready) == []


def push_before_the_first_deploy(app: Deployed, file: Path) -> None:
    """A dry run that changes nothing, a push whose agent and step are killed, one that works, one too many."""
    vps = app.vps
    assert "KEY" in app.fab("env.push", str(file), "--dry-run").check().stdout
    assert vps.run(f"ls -A {ROOT}").stdout == ""
    assert rows(app.fab("env.list", "--json"))[0]["version"] is None

    with mishaps.held(vps, "sync", ".env.next") as hold:
        pushing = app.start("env.push", str(file))
        hold.wait(pushing)
        assert leaks(app) == []
        mishaps.kill_both(app)
        assert pushing.wait(30).exit_code == 1
        assert not vps.exists(f"{SHARED}/.env")
    done = app.fab("env.push", str(file)).check()
    assert "version 1 of .env is in place" in done.output
    assert vps.read(f"{SHARED}/.env") == FILE
    found = vps.run(f"stat -c '%a %U' {SHARED}/.env {SHARED}/.env.versions {SHARED}/.env.versions/*").stdout
    assert found.splitlines() == ["600 deploy", "700 deploy", "600 deploy"]
    again = app.fab("env.push", str(file)).check()
    assert "nothing to do" in again.stdout
    assert versions(vps) == {"0001": FILE}


def rotate(app: Deployed, file: Path) -> None:
    """A new password: the app has it after the restart that the push asks for."""
    file.write_text(FILE.replace("correct-horse-battery", "rotated-password").replace("EMPTY=\n", ""))
    pushed = app.fab("env.push", str(file)).check()
    assert "changed: PLAIN_SECRET; removed: EMPTY" in pushed.output
    assert "still runs with version 1" in pushed.output
    assert f"fab restart -H {app.host}" in pushed.output
    assert seen_by_app(app, "PLAIN_SECRET") == fingerprint("correct-horse-battery")
    [row] = rows(app.fab("env.list", "--json"))
    assert (row["version"], row["runs_with"]) == (2, 1)
    assert [known["name"] for known in row["variables"] if known["stale"]] == ["EMPTY", "PLAIN_SECRET"]
    app.fab("restart").check()
    assert seen_by_app(app, "PLAIN_SECRET") == fingerprint("rotated-password")
    assert rows(app.fab("env.list", "--json"))[0]["runs_with"] == 2


def go_back(app: Deployed) -> None:
    """An edit by hand is kept; a rollback names the versions; a compiled-in value wants a new build."""
    app.vps.run(f"sed -i 's/first.example/by-hand.example/' {SHARED}/.env", user="deploy")
    app.fab("env.use", "2").check()
    assert sorted(versions(app.vps)) == ["0001", "0002", "0003"]
    assert "by-hand.example" in versions(app.vps)["0003"]
    app.fab("env.use", "1").check()
    back = app.fab("rollback").check()
    assert (
        "went live with version 2: it starts with the present one (version 1); fab env.use 2" in back.output
    )
    assert seen_by_app(app, "PLAIN_SECRET") == fingerprint("correct-horse-battery")
    built = app.fab("env.use", "3").check()
    assert "was built with another NEXT_PUBLIC_API" in built.output
    assert "fab deploy --force" in built.output


@pytest.fixture
def two(
    vps_factory: VpsFactory,
    deployed_image: Image,
    operator: Operator,
    tiny_commits: tuple[Path, dict[str, str]],
) -> list[Deployed]:
    found = [Deployed(vps_factory.boot(deployed_image), operator, tiny_commits[1]) for _ in range(2)]
    for app in found:
        app.wait_until_up()
    return found


def test_two_hosts_get_a_new_env_or_neither_does(two: list[Deployed], file: Path) -> None:
    good, bad = two
    both = f"{good.host},{bad.host}"
    fab = good.operator.fab
    file.write_text(FILE)

    with mishaps.held(bad.vps, "cmp", ".env.versions") as hold:
        pushing = good.operator.start("env.push", "-H", both, str(file))
        hold.wait(pushing)
        wait_until(lambda: good.vps.read(f"{SHARED}/.env") == FILE, 20, "not in place on the first host")
        mishaps.kill_step(bad)
        done = pushing.wait(30)
    assert done.exit_code == 1
    assert [app.vps.read(f"{SHARED}/.env") for app in two] == [ENV, ENV]
    assert "failed" in done.output

    bad.vps.run(f"rm -r {SHARED}/.env.versions; touch {SHARED}/.env.versions")
    done = fab("env.push", "-H", both, str(file))
    assert done.exit_code == 1
    assert good.vps.read(f"{SHARED}/.env") == ENV
    bad.vps.run(f"rm {SHARED}/.env.versions")

    fab("env.push", "-H", good.host, str(file)).check()
    listed = fab("env.list", "-H", both).check()
    assert re.search(r"\n  KEY +\(missing\)  not the same on all hosts\n", listed.stdout), listed
    assert not any(secret in listed.output for secret in TELLTALE)
    refused = fab("env.use", "2", "-H", both)
    assert refused.exit_code == 1
    assert "nothing was changed" in refused.stderr
    done = fab("env.push", "-H", both, str(file)).check()
    assert "unchanged" in done.stdout
    assert [app.vps.read(f"{SHARED}/.env") for app in two] == [FILE, FILE]
    assert "not the same" not in fab("env.list", "-H", both).check().stdout
    for app in two:
        assert leaks(app) == []
        assert mishaps.disagreements(app) == []
