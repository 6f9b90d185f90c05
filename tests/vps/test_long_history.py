"""An app of many years: its commands do as they did, and no number returns."""

from __future__ import annotations

import json

import pytest

from tests.vps.apps.tiny import ROOT, Deployed

pytestmark = pytest.mark.timeout(600)

LEDGER = f"{ROOT}/ledger.jsonl"


def age(app: Deployed, backups: int, *before: str) -> None:
    """Have the ledger hold these lines and then so many runs of db.backup about what is live, two records each."""
    live = next(record["live"] for record in reversed(app.ledger()) if record["event"] == "end")
    about = {"who": "ana@laptop", "what": "db.backup", "live": live, "backup": "20261121-000000"}
    warnings = ["remove backups that are too old: rm: cannot remove 'x': Permission denied"] * 3
    lines = list(before)
    for place in range(backups):
        run = {"time": "2026-11-21T00:00:00Z", "run": f"20261121-000000-db.backup-{place}"}
        lines.append(json.dumps({**run, "event": "start", **about}))
        lines.append(json.dumps({**run, "event": "end", "outcome": "done", "warnings": warnings, **about}))
    text = app.vps.read(LEDGER) + "".join(f"{line}\n" for line in lines)
    app.vps.write(LEDGER, text, owner="deploy")


def failed(number: int) -> str:
    """The record of a deploy that failed, whose release is not kept."""
    about = {
        "event": "end",
        "run": f"failed-{number}",
        "release": f"{number:04d}-fffffff",
        "outcome": "failed",
    }
    return json.dumps({"time": "2026-11-21T00:00:00Z", "live": {}, **about})


def test_thousands_of_backups_about_the_live_release_change_nothing(deployed: Deployed) -> None:
    age(deployed, 7_500, failed(40))
    for task in ("status", "releases", "restart", "rollback"):
        deployed.fab(task).check()
    assert deployed.live() == "first"
    deployed.deploy("change", "--force").check()
    assert deployed.current().startswith("0041-"), "past the one that failed before all those backups"
    deployed.fab("rollback").check()
    assert deployed.live() == "first"
    deployed.fab("emergency-stop", "--reason", "fire").check()
    deployed.fab("emergency-resume").check()
    assert deployed.live() == "first"
    assert sorted(deployed.vps.run(f"ls {ROOT}/ledger").stdout.split()) == ["000001.jsonl", "digest.json"]
    assert len(deployed.vps.read(f"{ROOT}/ledger.jsonl").splitlines()) < 30
    runs = {json.loads(line)["run"] for line in deployed.fab("history", "--json").check().stdout.splitlines()}
    assert len([run for run in runs if "db.backup" not in run]) == 6
    assert len(runs) == 20
    everything = deployed.fab("history", "--lines", "100000")
    assert everything.exit_code == 1
    assert "the answer to 'history' is too long to be sent whole" in everything.stderr
    assert "Traceback" not in everything.output
