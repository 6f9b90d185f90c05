"""The real app: Next.js, Prisma and PostgreSQL, deployed, refused, migrated and rolled back.

The tests share two hosts: each begins by looking at what is live there, so that any of them may be the first.
"""

from __future__ import annotations

import json

import pytest

from tests.support.load import assets_of
from tests.support.processes import wait_until
from tests.vps.apps.prompthub import (
    ROOT,
    SECRET,
    PrompthubHosts,
    Server,
    answer,
    health,
    page,
    shell_word,
    status,
)
from tests.vps.hosts.images import DATABASE_PASSWORD

pytestmark = pytest.mark.timeout(900)  # the first test also waits for the image

RATINGS = "20260303090000_ratings"
LEISURE = "20260303090000_leisure"


@pytest.fixture(scope="module")
def server(prompthub_hosts: PrompthubHosts) -> Server:
    return prompthub_hosts.boot()


@pytest.fixture(scope="module")
def guarded(prompthub_hosts: PrompthubHosts) -> Server:
    """Another, for what puts the maintenance page up."""
    return prompthub_hosts.boot()


@pytest.mark.parametrize(
    ("commit", "said"),
    [("broken_build", "Module not found"), ("crash_at_start", "restarted")],
)
def test_a_bad_release_is_refused_and_leaves_nothing(server: Server, commit: str, said: str) -> None:
    live, releases = server.live, server.host.run(f"ls -A {ROOT}/releases").stdout
    refused = server.deploy(commit)
    assert refused.exit_code == 1
    assert said in refused.output
    assert f"{live} is live" in refused.output
    assert "Traceback" not in refused.output
    assert server.live == live
    assert status(server) == 200
    assert server.host.run(f"ls -A {ROOT}/releases").stdout == releases


def test_a_failed_migration_is_named_and_must_be_resolved_first(server: Server) -> None:
    live = server.live
    failed = server.deploy("failing_migration")
    assert failed.exit_code == 1
    assert server.live == live
    assert status(server) == 200
    for said in (RATINGS, "may have been applied", ".dump", "fab db.resolve", f"{live} is live"):
        assert said in failed.output

    refused = server.deploy("change")
    assert refused.exit_code == 1
    assert f"{RATINGS} was begun, did not finish" in refused.stderr
    assert "fab db.resolve" in refused.stderr
    assert server.live == live

    server.sql('DROP TABLE "Tag"')
    server.fab("db.resolve", "--rolled-back", "--yes").check()
    dry = server.deploy("change", "--dry-run").check()
    assert "prisma migrate deploy" in dry.output


def test_a_standalone_build_serves_its_assets_and_reads_the_shared_env(server: Server) -> None:
    server.deploy("standalone").check()
    assert health(server)["commit"] == server.commits["standalone"]
    assert "<section>" in page(server)
    assert all(status(server, asset) == 200 for asset in assets_of(page(server), "/"))
    inner = f"{ROOT}/current/.next/standalone"
    copied = server.host.run(f"readlink {inner}/.env", check=False).stdout
    assert copied == f"{ROOT}/shared/.env\n", "next build leaves a copy of .env that everybody may read"
    where = server.host.run("readlink /proc/$(pgrep -u deploy -f next-server | head -n 1)/cwd").stdout
    assert where == f"{ROOT}/releases/{server.live}/.next/standalone\n"


def test_a_migration_is_backed_up_applied_once_and_stays_where_its_release_is_left(server: Server) -> None:
    before = health(server)["commit"]
    server.deploy("migration").check()
    live = server.live
    backups = f"{ROOT}/backups/{live}"
    assert uses_applied(server)
    assert 'DROP COLUMN "uses"' in server.host.read(f"{backups}.down.sql")
    assert (
        json.loads(server.host.read(f"{backups}.json"))["sha256"]
        in server.host.run(f"sha256sum {backups}.dump", user="deploy").stdout
    )
    listed = server.host.run(f"pg_restore --list {backups}.dump", user="deploy").stdout
    assert "TABLE DATA public Prompt" in listed
    modes = server.host.run(f"stat -c '%a %U' {ROOT}/backups/* {ROOT}/backups").stdout.split("\n")
    assert set(filter(None, modes)) == {"600 deploy", "700 deploy"}

    again = server.deploy("migration", "--force", "--verbose").check()
    assert "No pending migrations" in again.output or "unchanged" in again.output
    assert uses_applied(server)
    assert 'class="prompt"' in page(server)

    same = server.fab("rollback").check()
    assert f"{live} is another build of the same commit: fab rollback again goes further back" in same.output
    assert server.live == live
    further = server.fab("rollback").check()
    assert "the database stays as it is" in further.output
    assert health(server)["commit"] == before
    assert uses_applied(server)

    for secret in (SECRET, DATABASE_PASSWORD):
        search = (
            f"grep -rlF -- {shell_word(secret)} {ROOT}/logs {ROOT}/run {ROOT}/ledger.jsonl ~/.pm2 || true"
        )
        assert server.host.run(search, user="deploy").stdout == ""


def uses_applied(server: Server) -> bool:
    """Whether the migration of the commit `migration` was applied, and once."""
    return server.sql("SELECT count(*) FROM _prisma_migrations WHERE migration_name LIKE '%_uses'") == "1"


def test_the_page_comes_down_where_no_migration_ran(guarded: Server) -> None:
    live = guarded.live
    guarded.host.run(f"chmod 500 {ROOT}/backups", user="deploy")
    failed = guarded.deploy("slow_migration", "--maintenance")
    guarded.host.run(f"chmod 700 {ROOT}/backups", user="deploy")
    assert failed.exit_code == 1
    assert "back up the database" in failed.stderr
    assert status(guarded) == 200
    assert guarded.live == live


def test_a_power_cut_in_a_migration_leaves_the_old_release_and_the_next_deploy_says_so(
    guarded: Server,
) -> None:
    live = guarded.live
    with guarded.held_migration():
        guarded.start("deploy", "--revision", "slow_migration")
        wait_until(lambda: guarded.migrates, 120, "the migration does not begin", 0.2)
        guarded.host.power_cycle()
    wait_until(lambda: status(guarded) == 200, 30, "the app does not come up after the boot", 0.1)
    assert guarded.live == live

    refused = guarded.deploy("change")
    assert refused.exit_code == 1
    assert f"{LEISURE} was begun, did not finish" in refused.stderr
    resolve(guarded)


def test_the_page_stays_after_a_migration_was_begun_and_until_a_release_is_live(guarded: Server) -> None:
    with guarded.held_migration():
        killed = guarded.start("deploy", "--revision", "slow_migration", "--maintenance")
        wait_until(lambda: guarded.migrates, 120, "the migration does not begin", 0.2)
        guarded.host.run("pkill -9 -f 'prisma migrate deploy'")
        ended = killed.wait()
        assert ended.exit_code == 4, ended
        for said in (LEISURE, "may have been applied", "it stays until a person", "On call: +00 000 000000"):
            assert said in ended.stderr
        code, headers, body = answer(guarded, "/")
        assert (code, headers["retry-after"]) == (503, "120")
        assert "<html" in body

        # The statement goes on without prisma, and holds its lock: another migration would only wait for it.
        assert guarded.migrates
        refused = guarded.deploy("slow_migration")
        assert refused.exit_code == 1
        assert f"the database is still at work on a migration ({LEISURE})" in refused.stderr
    wait_until(lambda: not guarded.migrates, 30, "the statement does not end", 0.2)
    refused = guarded.deploy("slow_migration")
    assert f"{LEISURE} was begun, did not finish" in refused.stderr
    assert status(guarded) == 503
    resolve(guarded)

    with guarded.held_migration():
        good = guarded.start("deploy", "--revision", "slow_migration", "--maintenance")
        wait_until(lambda: guarded.migrates, 120, "the migration does not begin", 0.2)
        assert status(guarded) == 503
    good.wait().check()
    assert status(guarded) == 200
    assert health(guarded)["commit"] == guarded.commits["slow_migration"]


def test_a_rollback_to_what_is_not_kept_builds_it(guarded: Server) -> None:
    built = guarded.fab("rollback", "--commit", guarded.commits["change"][:10]).check()
    assert "  build  done" in built.output
    assert health(guarded)["commit"] == guarded.commits["change"]


def resolve(server: Server) -> None:
    """Take back what the slow migration did, as the hint tells a person to."""
    server.sql('DROP TABLE "Tag"; DELETE FROM _prisma_migrations WHERE finished_at IS NULL')
