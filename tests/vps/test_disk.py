"""A full disk: the message says so, the old release stays live, and what must work works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.load import Load
from tests.support.operator import Operator
from tests.vps import mishaps
from tests.vps.apps.tiny import ROOT, Deployed
from tests.vps.hosts.factory import VpsFactory
from tests.vps.hosts.machine import Image

RATE = 20
SIZE = 100 << 20
LITTLE = {"disk_free_mb": 1}
"""So that the deploy is not refused at once: the disk fills up while it runs."""


@pytest.fixture
def small(
    vps_factory: VpsFactory,
    deployed_image: Image,
    operator: Operator,
    tiny_commits: tuple[Path, dict[str, str]],
) -> Deployed:
    """A host with `change` live whose app has a disk of its own, of 100 MiB."""
    vps = vps_factory.create(deployed_image)
    vps.small_disk(ROOT, SIZE)
    app = Deployed(vps.boot(), operator, tiny_commits[1])
    app.configure(limits=LITTLE)
    app.wait_until_up()
    return app


@pytest.mark.parametrize(("commit", "step"), [("big_install", "install"), ("big_build", "build")])
def test_a_disk_that_fills_up_fails_the_step_and_nothing_else(
    small: Deployed, commit: str, step: str
) -> None:
    with Load(small.url, rate=RATE) as load:
        done = small.deploy(commit)
        assert done.exit_code == 1, done
        assert f"{step}: exit code 1. Visitors saw nothing: 0002-" in done.output, done
        assert "no space left on device" in done.output, done
        assert "Traceback" not in done.output, done
        assert mishaps.disagreements(small) == []
        assert small.live() == "change"
        assert small.ledger()[-1]["outcome"] == "failed"

        small.deploy("third").check()
        assert mishaps.disagreements(small) == []
    load.report.check()


def test_a_snapshot_for_which_there_is_no_room_leaves_nothing(small: Deployed) -> None:
    with Load(small.url, rate=RATE) as load:
        with mishaps.held(small.vps, "rsync", "workspace") as hold:
            deploy = small.start("deploy", "--revision", small.commits["third"])
            hold.wait(deploy)
            small.vps.fill_disk(ROOT)
            hold.release()
            done = deploy.wait()
        assert done.exit_code == 1, done
        assert "No space left on device" in done.output, done
        assert "snapshot: exit code" in done.output, done
        assert "Visitors saw nothing: 0002-" in done.output, done
        assert mishaps.disagreements(small) == []
        assert [name[:5] for name in small.releases()] == ["0001-", "0002-"]
        small.vps.free_disk(ROOT)
        small.deploy("third").check()
    load.report.check()


def test_a_disk_that_is_full_at_the_cutover_does_not_stop_it_and_the_ledger_tells(small: Deployed) -> None:
    with Load(small.url, rate=RATE) as load:
        with mishaps.held(small.vps, "pm2", "save") as hold:
            deploy = small.start("deploy", "--revision", small.commits["third"])
            hold.wait(deploy)
            small.vps.fill_disk(ROOT)
            hold.release()
            done = deploy.wait()
        assert done.exit_code == 0, done
        assert "is full" in done.output, done
        assert mishaps.disagreements(small) == []
        assert small.live() == "third"
        assert small.ledger()[-1]["outcome"] == "done"
    load.report.check()


def fill_last_page(app: Deployed) -> None:
    """Have the ledger end where a page of the disk does: the next record needs another."""
    record = '{"event": "note", "text": ""}'
    room = -(len(app.vps.read(f"{ROOT}/ledger.jsonl")) + len(record) + 1) % 4096
    line = record.replace('""', f'"{"." * room}"')
    app.vps.run(f"echo '{line}' >>{ROOT}/ledger.jsonl")


def test_a_recovery_without_a_byte_to_spare_is_finished_by_the_next_command(small: Deployed) -> None:
    """Neither the recovery nor the ledger has room; then there is some, and the run gets its end."""
    with Load(small.url, rate=RATE) as load:
        with mishaps.held(small.vps, "npm", "run"):
            deploy = small.start("deploy", "--revision", small.commits["third"])
            mishaps.wait_for_step(small, "build", deploy)
            small.vps.run(f"rm {ROOT}/reserve")
            fill_last_page(small)
            small.vps.fill_disk(ROOT)
            deploy.interrupt()
            done = deploy.wait()
        assert done.exit_code in (1, 4), done
        assert "the ledger could not be written" in done.output, done
        assert "Traceback" not in done.output, done
        assert small.live() == "change"
        small.vps.free_disk(ROOT)
        small.deploy("third").check()
        assert mishaps.disagreements(small) == []
    load.report.check()


def test_rollback_stop_and_resume_work_on_a_full_disk(small: Deployed) -> None:
    small.vps.fill_disk(ROOT)
    with Load(small.url, rate=RATE) as load:
        done = small.fab("rollback").check()
    load.report.check()
    assert "is full" in done.output, done
    assert small.live() == "first"
    assert small.ledger()[-1]["outcome"] == "done"
    assert mishaps.disagreements(small) == []

    small.fab("emergency-stop").check()
    assert set(small.pm2().values()) == {"stopped"}
    small.fab("emergency-resume").check()
    assert small.live() == "first"
    assert small.ledger()[-1]["outcome"] == "done"
    assert mishaps.disagreements(small) == []


def test_pm2_keeps_its_list_where_there_is_no_room_for_a_new_one(
    vps_factory: VpsFactory,
    deployed_image: Image,
    operator: Operator,
    tiny_commits: tuple[Path, dict[str, str]],
) -> None:
    vps = vps_factory.create(deployed_image)
    vps.small_disk("/home/deploy", SIZE)
    app = Deployed(vps.boot(), operator, tiny_commits[1])
    app.wait_until_up()
    with mishaps.held(app.vps, "pm2", "save") as hold:
        deploy = app.start("deploy", "--revision", app.commits["third"])
        hold.wait(deploy)
        vps.fill_disk("/home/deploy")
        hold.release()
        done = deploy.wait()
    assert done.exit_code in (1, 4), done
    assert "no room" in done.output, done.output
    assert app.live() == "change"
    assert "tiny-blue" in app.saved()

    vps.free_disk("/home/deploy")
    app.deploy("third").check()
    assert mishaps.disagreements(app) == []
