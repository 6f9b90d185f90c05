"""A database that several hosts share is changed by one of them at a time, whatever their locks say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.operator import Operator
from tests.support.processes import Running, wait_until
from tests.vps import mishaps
from tests.vps.apps.tiny import BUILDS_AT_ONCE, ENV, MIGRATED, MIGRATING, ROOT, Deployed
from tests.vps.hosts.factory import VpsFactory
from tests.vps.hosts.images import DATABASE_URL
from tests.vps.hosts.machine import Image

REACHABLE = r"""
cd /etc/postgresql/*/main
echo "listen_addresses = '*'" >>postgresql.conf
echo 'host all all 10.0.0.0/8 scram-sha-256' >>pg_hba.conf
systemctl restart postgresql
"""
CHANGING = {**MIGRATING, "build": BUILDS_AT_ONCE}
HOLDERS = "SELECT string_agg(application_name, ',') FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE objsubid = 2"


@pytest.fixture(scope="module")
def pair(
    vps_images: VpsFactory,
    deployed_image: Image,
    operator_session: Operator,
    tiny_commits: tuple[Path, dict[str, str]],
) -> Iterator[tuple[Deployed, Deployed]]:
    """Two hosts whose apps have the first one's database."""
    factory = VpsFactory(vps_images.slot, vps_images.base, operator_session.public_key)
    one, two = (Deployed(factory.boot(deployed_image), operator_session, tiny_commits[1]) for _ in range(2))
    one.vps.run(REACHABLE)
    one.give_database()
    url = DATABASE_URL.replace("127.0.0.1", one.vps.address)
    two.vps.write(f"{ROOT}/shared/.env", f"{ENV}DATABASE_URL={url!r}\n")
    for app in (one, two):
        app.configure(**CHANGING)
        app.wait_until_up()
    yield one, two
    factory.close()


@pytest.fixture(autouse=True)
def fresh(pair: tuple[Deployed, Deployed]) -> None:
    for app in pair:
        app.vps.run(f"rm -f {MIGRATED}")


def holders(app: Deployed) -> str:
    """Who holds PostgreSQL's lock, as its administrator sees it."""
    ask = f'cd / && runuser -u postgres -- psql -XAtqc "{HOLDERS}"'
    return app.vps.run(ask).stdout.strip()


def databases(app: Deployed) -> str:
    return app.vps.run("cd / && runuser -u postgres -- psql -XAtqc 'SELECT datname FROM pg_database'").stdout


@contextmanager
def migrated_and_not_cut_over(app: Deployed) -> Iterator[tuple[Running, mishaps.Hold]]:
    """A deploy that has migrated, and is about to start what it has built."""
    with mishaps.held(app.vps, "pm2", "start") as hold:
        deploy = app.start("deploy", "--revision", app.commits[mishaps.other_commit(app)], "--force")
        hold.wait(deploy, 180)
        assert app.vps.exists(MIGRATED)
        yield deploy, hold


def test_between_a_deploy_s_migration_and_its_cutover_no_other_host_changes_the_database(
    pair: tuple[Deployed, Deployed],
) -> None:
    one, two = pair
    two.fab("db.backup").check()
    live = two.live()
    backup = json.loads(two.fab("db.backups", "--json").check().stdout.splitlines()[0])["name"]
    with migrated_and_not_cut_over(one) as (deploy, hold):
        one.vps.run("cd / && runuser -u postgres -- createdb -O prompthub prompthub_windlass_scratch")
        run = Path(one.vps.run(f"ls -td {ROOT}/logs/*-deploy-* | head -n 1").stdout.strip()).name
        assert holders(one).startswith(f"{run} on {one.vps.name}"[:63])
        for command in (["deploy", "--revision", "third", "--force"], ["db.restore", backup, "--yes"]):
            refused = two.fab(*command)
            assert refused.exit_code == 75, refused
            assert f"the database is being changed by {run} on {one.vps.name}"[:90] in refused.output, refused
            assert "it frees itself when that run ends" in refused.output, refused
        assert "prompthub_windlass_scratch" in databases(one), "its recovery drops what another host works on"
        assert two.live() == live
        assert not two.vps.exists(MIGRATED)
        hold.release()
        deploy.wait().check()
    assert holders(one) == ""
    assert one.deploy("broken_build").exit_code == 1
    assert "prompthub_windlass_scratch" not in databases(one)


def test_it_is_free_in_the_watch(pair: tuple[Deployed, Deployed]) -> None:
    one, _ = pair
    for app in pair:
        app.configure(**CHANGING, soak={"seconds": 60})
    deploy = one.start("deploy", "--revision", one.commits[mishaps.other_commit(one)], "--force")
    mishaps.wait_for_step(one, "watch", deploy)
    assert holders(one) == ""
    deploy.interrupt()
    deploy.wait()


@pytest.mark.parametrize("ended", [mishaps.kill_agent, mishaps.kill_both, mishaps.cut_line])
def test_whatever_ends_the_run_frees_it(pair: tuple[Deployed, Deployed], ended: object) -> None:
    one, _ = pair
    with migrated_and_not_cut_over(one) as (deploy, _):
        assert holders(one)
        assert callable(ended)
        ended(one)
        deploy.wait()
        wait_until(lambda: holders(one) == "", 20, "the lock outlives its run", 0.1)
    mishaps.wait_until_free(one)
