"""The real app: Next.js, Prisma and PostgreSQL, deployed, refused, migrated and rolled back.

The tests of a module share one host: each begins by looking at what is live, and a refused deploy must leave it.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from tests.support.load import Load, assets_of
from tests.support.operator import Operator
from tests.support.processes import wait_until
from tests.vps.conftest import VpsFactory
from tests.vps.images import DATABASE_PASSWORD
from tests.vps.prompthub import ROOT, SECRET, Prepared, Server, prepare

pytestmark = pytest.mark.timeout(900)  # the first test also waits for the image

RATE = 100
RATINGS = "20260303090000_ratings"
LEISURE = "20260303090000_leisure"
Boot = Callable[[], Server]


@pytest.fixture(scope="module")
def hosts(
    vps_images: VpsFactory, operator_session: Operator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Boot]:
    """Boots servers on which the first version is live; they end with the module."""
    operator = Operator(tmp_path_factory.mktemp("prompthub"), key_of=operator_session)
    factory = VpsFactory(vps_images.slot, vps_images.base, operator.public_key)
    prepared: list[Prepared] = []

    def boot() -> Server:
        if not prepared:
            prepared.append(prepare(factory, operator, tmp_path_factory.mktemp("repository")))
        host = factory.create(prepared[0].image)
        host.small_disk(ROOT, 8 << 30)  # in memory: this app has many thousand files
        host.boot()
        operator.know(host.address, host.host_key)
        server = Server(host, operator, prepared[0].commits)
        wait_until(lambda: status(server) == 200, 30, "the app does not come up after the boot", 0.1)
        return server

    yield boot
    factory.close()


@pytest.fixture(scope="module")
def server(hosts: Boot) -> Server:
    return hosts()


@pytest.fixture(scope="module")
def guarded(hosts: Boot) -> Server:
    """Another, for what puts the maintenance page up."""
    return hosts()


def status(server: Server, path: str = "/api/health") -> int:
    """The status that a visitor gets; 0 for no answer."""
    return answer(server, path)[0]


def answer(server: Server, path: str = "/api/health") -> tuple[int, dict[str, str], str]:
    """Status, headers by lower-case name, and body that a visitor gets."""
    try:
        with urllib.request.urlopen(server.url + path, timeout=5) as found:
            return found.status, {k.lower(): v for k, v in found.headers.items()}, found.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, {k.lower(): v for k, v in refused.headers.items()}, refused.read().decode()
    except OSError:
        return 0, {}, ""


def health(server: Server) -> dict[str, str]:
    found: dict[str, str] = json.loads(answer(server)[2])
    return found


def page(server: Server) -> str:
    return answer(server, "/")[2]


def test_a_deploy_a_refused_deploy_and_a_rollback_under_load_lose_no_request(server: Server) -> None:
    first, change = server.commits["first"], server.commits["change"]
    old_page = page(server)
    with Load(server.url, rate=RATE, linger=2) as load:
        deployed = server.deploy("change")
        load.wait_for_release(change)
        old_assets = {asset: status(server, asset) for asset in assets_of(old_page, "/")}
        refused = server.deploy("answers_500")
        back = server.fab("rollback")
        load.keep_on(1)
    report = load.report
    assert not report.failures, f"{report}\n{server.host.run('tail -n 20 /var/log/nginx/error.log').stdout}"
    assert report.releases.keys() == {first, change}
    assert report.requests > 0.9 * RATE * report.seconds
    assert report.assets > 3 * report.visits, "assets were loaded with the pages"

    assert deployed.exit_code == 0, deployed
    assert set(old_assets.values()) == {200}, f"assets of the first version's page: {old_assets}"
    assert refused.exit_code == 1, refused
    assert "status 500" in refused.stderr
    assert back.exit_code == 0, back
    assert "  build  " not in back.stdout
    assert health(server)["commit"] == first


def load_assets(server: Server) -> list[str]:
    return assets_of(page(server), "/")


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
    assert all(status(server, asset) == 200 for asset in load_assets(server))
    inner = f"{ROOT}/current/.next/standalone"
    copied = server.host.run(f"readlink {inner}/.env", check=False).stdout
    assert copied == f"{ROOT}/shared/.env\n", "next build leaves a copy of .env that everybody may read"
    where = server.host.run("readlink /proc/$(pgrep -u deploy -f next-server | head -n 1)/cwd").stdout
    assert where == f"{ROOT}/releases/{server.live}/.next/standalone\n"


def test_a_migration_is_backed_up_and_applied_once(server: Server) -> None:
    server.deploy("migration").check()
    live = server.live
    backups = f"{ROOT}/backups/{live}"
    assert server.sql("SELECT count(*) FROM _prisma_migrations WHERE migration_name LIKE '%_uses'") == "1"
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
    assert server.sql("SELECT count(*) FROM _prisma_migrations WHERE migration_name LIKE '%_uses'") == "1"
    assert 'class="prompt"' in page(server)


def test_two_rollbacks_go_further_back_each_time(server: Server) -> None:
    assert health(server)["commit"] == server.commits["migration"]
    once = server.fab("rollback").check()
    assert "the database stays as it is" in once.output
    assert health(server)["commit"] == server.commits["standalone"]
    server.fab("rollback").check()
    assert health(server)["commit"] == server.commits["first"], "change was rolled away from"


def test_a_restart_loses_no_request(server: Server) -> None:
    before = server.live
    with Load(server.url, rate=RATE) as load:
        server.fab("restart").check()
        load.keep_on(0.5)
    load.report.check()
    assert server.live == before


def test_no_secret_is_left_on_the_server_or_shown(server: Server) -> None:
    for secret in (SECRET, DATABASE_PASSWORD):
        search = f"grep -rlF -- {quoted(secret)} {ROOT}/logs {ROOT}/run {ROOT}/ledger.jsonl ~/.pm2 || true"
        assert server.host.run(search, user="deploy").stdout == ""


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


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
    with guarded.held_migration():
        guarded.start("deploy", "--revision", "slow_migration")
        wait_until(lambda: guarded.migrates, 120, "the migration does not begin", 0.2)
        guarded.host.power_cycle()
    wait_until(lambda: status(guarded) == 200, 30, "the app does not come up after the boot", 0.1)
    assert health(guarded)["commit"] == guarded.commits["first"]

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
