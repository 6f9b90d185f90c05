"""A database of a million rows taken back with its release, by itself with --to RELEASE, and not at all.

The tests share one host; any of them may be the first there.
"""

from __future__ import annotations

import pytest

from tests.support.load import Load
from tests.support.processes import Completed
from tests.vps.apps.million import ROWS, sums
from tests.vps.apps.prompthub import CONFIG, ROOT, Server
from tests.vps.hosts.images import DATABASE_PASSWORD
from tests.vps.mishaps import held

pytestmark = pytest.mark.timeout(900)  # the first test also waits for the image

USES = "20260303090000_uses"
RESULTS = "20260303090000_results"
FINISHED = "finished_at IS NOT NULL AND rolled_back_at IS NULL"
RATE = 50


@pytest.fixture
def server(million_server: Server) -> Server:
    return million_server


def applied(server: Server) -> list[str]:
    """The account's names, each as often as it is there as applied."""
    return server.sql(
        f"SELECT migration_name FROM _prisma_migrations WHERE {FINISHED} ORDER BY 1"
    ).splitlines()


def test_release_and_migrations_go_back_under_load_without_a_lost_request_or_row(server: Server) -> None:
    before = sums(server.host)
    server.deploy("migration").check()
    newer = server.live
    assert USES in applied(server)

    dry = server.fab("rollback", "--with-database", "--dry-run").check()
    assert 'ALTER TABLE "Prompt" DROP COLUMN "uses"' in dry.output
    assert server.live == newer
    refused = server.fab("rollback", "--with-database")
    assert (refused.exit_code, server.live) == (2, newer), refused
    assert "--yes" in refused.stderr

    with Load(server.url, rate=RATE) as load:
        back = server.fab("rollback", "--with-database", "--yes")
        load.keep_on(1)
    assert back.exit_code == 0, back
    load.report.check()
    assert 'this drops column "Prompt"."uses": 3 values' in back.output
    assert DATABASE_PASSWORD not in back.output
    assert USES not in applied(server)
    assert {**sums(server.host), "_prisma_migrations": ""} == {**before, "_prisma_migrations": ""}
    assert before["Search"].split()[0] == str(ROWS)

    needs = server.fab("rollback", "--commit", newer)
    assert needs.exit_code == 1
    assert f"{newer} needs migrations that were taken back ({USES})" in needs.stderr


def test_sql_that_fails_changes_nothing_and_says_so(server: Server) -> None:
    server.deploy("migration").check()
    before, account = sums(server.host), applied(server)
    server.sql('CREATE VIEW public.uses AS SELECT uses FROM public."Prompt"')
    failed = server.fab("db.rollback", "--yes")
    server.sql("DROP VIEW public.uses")
    assert failed.exit_code == 1, failed
    assert "other objects depend on it" in failed.output
    assert "it was one transaction: the database is as it was; a backup is in" in failed.stderr
    assert (sums(server.host), applied(server)) == (before, account)

    holder = server.host.popen(
        "cd / && exec runuser -u postgres -- psql -Xd prompthub",
        stdin='BEGIN; LOCK TABLE "Prompt" IN SHARE MODE; SELECT pg_sleep(60);\n',
    )
    waited = server.fab("db.rollback", "--yes")
    sleeps = "query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()"
    server.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {sleeps}")
    holder.wait(20)
    assert waited.exit_code == 1, waited
    assert "canceling statement due to lock timeout" in waited.output
    assert (sums(server.host), applied(server)) == (before, account)


def test_migrations_go_back_by_themselves_to_a_named_release(server: Server) -> None:
    first = f"0001-{server.commits['first'][:7]}"
    server.deploy("migration").check()
    dry = server.fab("db.rollback", "--to", first, "--dry-run").check()
    assert f"{USES}: taken back by the SQL recorded at the deploy of" in dry.output
    assert USES in applied(server)

    with held(server.host, "date", "+%FT%TZ") as dump:
        left = server.start("db.rollback", "--to", first, "--yes")
        dump.wait(left)
        left.interrupt()
        ended = left.wait()
    assert ended.exit_code == 1, ended
    assert "nothing is left half done" in ended.output
    assert USES in applied(server)

    def answered(word: str) -> Completed:
        asked = server.operator.terminal("db.rollback", "--to", first, "-H", f"deploy@{server.host.address}")
        asked.wait_for("take the migrations back, after a backup?")
        assert 'this drops column "Prompt"."uses": 3 values' in asked.output
        asked.type(f"{word}\r")
        return asked.wait()

    said_no = answered("no")
    assert said_no.exit_code == 1, said_no
    assert "not confirmed; nothing was changed" in said_no.output
    assert USES in applied(server)

    done = answered("yes").check()
    assert f"the database has the migrations of {first}" in done.output
    assert "fab rollback, or fab deploy" in done.output, "the live release was made for them"
    assert USES not in applied(server)
    assert '"why": "before db.rollback"' in server.fab("db.backups", "--json").stdout
    again = server.fab("db.rollback", "--to", first, "--yes").check()
    assert "no migration to take back" in again.output


def test_what_a_failed_migration_left_is_shown_and_settled_in_either_direction(server: Server) -> None:
    file = f"{server.commits['migration']}:prisma/migrations/{USES}/migration.sql"
    hashed = f"git -C {ROOT}/workspace show {file} | sha256sum"
    checksum = server.host.run(hashed, user="deploy").stdout.split()[0]

    def fail() -> None:
        server.sql(
            f"INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES (now(), '-', '{USES}')"
        )

    server.fab("db.backup").check()
    fail()
    shown = server.fab("db.resolve").check()
    assert f"{USES} was begun and did not finish" in shown.output
    assert 'ADD COLUMN "uses" INTEGER NOT NULL DEFAULT 0: is not there' in shown.output
    assert ".dump" in shown.output
    assert server.fab("db.resolve", "--rolled-back").exit_code == 2, "nobody could answer"
    assert server.fab("db.resolve", "--rolled-back", "--migration", "another", "--yes").exit_code == 2
    server.fab("db.resolve", "--rolled-back", "--yes").check()
    assert "no migration is left unfinished" in server.fab("db.resolve").check().output
    assert USES not in applied(server)

    fail()
    refused = server.fab("db.rollback", "--yes")
    assert refused.exit_code == 1
    assert "fab db.resolve" in refused.stderr
    server.sql('ALTER TABLE "Prompt" ADD COLUMN uses INTEGER NOT NULL DEFAULT 0')
    assert "DEFAULT 0: is there" in server.fab("db.resolve").check().output
    server.fab("db.resolve", "--applied", "--yes").check()
    assert USES in applied(server)
    assert (
        server.sql(f"SELECT checksum FROM _prisma_migrations WHERE migration_name = '{USES}' AND {FINISHED}")
        == checksum
    )
    dry = server.fab("db.resolve", "--applied", "--dry-run").check()
    assert "no migration is left unfinished" in dry.output


def test_an_index_that_could_not_be_built_concurrently_is_named_and_in_the_way_until_it_is_dropped(
    server: Server,
) -> None:
    live, before = server.live, sums(server.host)["Search"]
    failed = server.deploy("broken_index")
    assert failed.exit_code == 1, failed
    for said in ("Unique constraint failed", RESULTS, "fab db.resolve", f"{live} is live"):
        assert said in failed.output, said
    shown = server.fab("db.resolve").check()
    assert (
        'CREATE UNIQUE INDEX CONCURRENTLY "Search_results" ON "Search"("results"): is there, and invalid: drop it'
        in (shown.output)
    )
    unsettled = server.fab("db.resolve", "--rolled-back", "--dry-run").check()
    assert "the migration's next try fails on it" in unsettled.output

    server.sql('DROP INDEX "Search_results"')
    assert "is not there" in server.fab("db.resolve").check().output
    server.fab("db.resolve", "--rolled-back", "--yes").check()
    assert (server.live, sums(server.host)["Search"]) == (live, before)


def test_where_it_is_strict_sql_that_breaks_the_live_release_is_refused_before_anything_begins(
    server: Server,
) -> None:
    live, releases = server.live, server.host.run(f"ls {ROOT}/releases").stdout
    server.operator.config("prompthub", CONFIG.replace("[database]", "[database]\nstrict = true"))
    refused = server.deploy("failing_migration")
    server.operator.config("prompthub", CONFIG)
    assert refused.exit_code == 1, refused
    assert 'ALTER TABLE "Prompt" ADD COLUMN "rating" INTEGER NOT NULL' in refused.stderr
    assert (server.live, server.host.run(f"ls {ROOT}/releases").stdout) == (live, releases)
