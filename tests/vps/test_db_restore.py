"""A million rows restored, swapped, swapped back and rehearsed with: none lost, none doubled, whatever happens.

The tests of a module share one host: each leaves the first version live, and its database as it found it.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import Completed, wait_until
from tests.vps.apps.million import ROWS, sums
from tests.vps.apps.prompthub import CONFIG, DATABASES, ROOT, Server, answer, shell_word, status
from tests.vps.hosts.images import DATABASE
from tests.vps.mishaps import held, run_while_a_disk_fills_up

pytestmark = pytest.mark.timeout(900)  # the first test also waits for the image

PSQL = "runuser -u postgres -- psql"
SCRATCH = f"{DATABASE}_windlass_scratch"
USES = "20260303090000_uses"


@pytest.fixture(scope="module")
def server(million_server: Server) -> Server:
    """With a backup of the whole."""
    million_server.fab("db.backup").check()
    return million_server


def kept(done: Completed) -> str:
    """The name that a restore gave to the database that was there."""
    found = re.search(rf"kept as ({DATABASE}_before_restore_\d+_\d+)", done.output)
    assert found, done
    return found[1]


def databases(server: Server) -> list[str]:
    return server.sql("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1").splitlines()


def beside(server: Server, query: str) -> str:
    """Ask without touching the app's database, which may be about to be renamed."""
    return server.host.run(f"cd / && {PSQL} -XAtq -d postgres -c {shell_word(query)}").stdout.strip()


def hold(server: Server, database: str) -> None:
    """Have an administrator be connected to a database, until `let_go`."""
    server.host.popen(f"cd / && exec {PSQL} -d {database} -c 'SELECT pg_sleep(120)'")
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    wait_until(lambda: beside(server, asleep) == "1", 20, "nobody is connected")


def let_go(server: Server) -> None:
    ended = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    assert beside(server, ended) == "t"


def backup(server: Server) -> str:
    """The path of the newest dump on the server."""
    return server.host.run(f"ls -t {ROOT}/backups/*.dump | head -n 1").stdout.strip()


def partial(server: Server) -> str:
    """What is left of dumps that are not whole, or were sent."""
    return server.host.run(f"ls {ROOT}/backups/*.partial", check=False).stdout


def lock_holder(server: Server) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(server.host.read(f"{ROOT}/lock").rstrip("\0 \n") or "{}")
    return found


def test_every_row_comes_back_and_what_was_there_is_kept_until_it_is_dropped(server: Server) -> None:
    before = sums(server.host)
    assert before["Search"].startswith(f"{ROWS} ")
    server.sql(f"""ALTER DATABASE {DATABASE} SET timezone TO 'Asia/Tokyo'; REVOKE TEMPORARY ON DATABASE {DATABASE}
        FROM public; DELETE FROM "Search" WHERE id % 10 = 0; UPDATE "Prompt" SET title = 'It''s gone'""")
    damaged = sums(server.host)

    unasked = server.fab("db.restore", "latest")
    assert unasked.exit_code == 2
    assert "--yes" in unasked.stderr
    assert "swap" not in server.fab("db.restore", "latest", "--dry-run").check().stderr
    assert sums(server.host) == damaged

    restored = server.fab("db.restore", "latest", "--yes").check()
    assert f"{ROWS + 4} rows, as in the dump" in restored.stdout
    assert sums(server.host) == before
    assert sums(server.host, kept(restored)) == damaged
    assert server.sql("SHOW timezone") == "Asia/Tokyo"
    assert server.sql("SELECT has_database_privilege('public', current_database(), 'TEMPORARY')") == "f"
    assert status(server) == 200
    assert not server.host.exists(f"{ROOT}/run/maintenance")

    back = server.fab("db.restore", kept(restored), "--yes").check()
    assert sums(server.host) == damaged
    assert sums(server.host, kept(back)) == before
    server.fab("db.restore", kept(back), "--yes").check()
    assert sums(server.host) == before

    refused = server.fab("db.drop", DATABASE, "--yes")
    assert refused.exit_code == 2
    (left,) = [name for name in databases(server) if "_before_restore_" in name]
    server.fab("db.drop", left, "--yes").check()
    assert databases(server) == sorted(["postgres", DATABASE])


def test_a_file_is_sent_and_one_that_is_cut_short_or_no_dump_harms_nothing(
    server: Server, tmp_path: Path
) -> None:
    before = sums(server.host)
    whole = server.host.path(backup(server)).read_bytes()
    file, cut, text = tmp_path / "a copy.dump", tmp_path / "cut.dump", tmp_path / "plain.sql"
    newer = tmp_path / "newer.dump"
    file.write_bytes(whole)
    newer.write_bytes(whole[:6] + b"\x63" + whole[7:])  # the minor version of its format
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    text.write_text("SELECT 1;\n")

    refused = server.fab("db.restore", str(cut), "--yes")
    assert refused.exit_code == 1
    assert "end of file" in refused.output
    assert "the database is as it was" in refused.stderr
    assert partial(server) == ""
    refused = server.fab("db.restore", str(newer), "--yes")
    assert refused.exit_code == 1
    assert "unsupported version (1.99) in file header" in refused.stderr
    assert partial(server) == ""
    assert "nothing was changed" in refused.stderr
    refused = server.fab("db.restore", str(text), "--yes")
    assert refused.exit_code == 2
    assert "no dump" in refused.stderr
    assert sums(server.host) == before
    assert SCRATCH not in databases(server)

    sent = server.fab("db.restore", str(file), "--yes").check()
    assert sums(server.host) == before
    server.fab("db.drop", kept(sent), "--yes").check()
    assert partial(server) == ""
    assert status(server) == 200


def test_a_disk_that_fills_up_while_it_is_restored_leaves_the_database_as_it_was(server: Server) -> None:
    before = sums(server.host)
    server.host.fill_disk(DATABASES, leave=100 << 20)
    refused = server.fab("db.restore", "latest", "--yes")
    assert refused.exit_code == 1, refused
    assert "another one beside it has no room; nothing was changed" in refused.stderr
    server.host.free_disk(DATABASES)

    failed = run_while_a_disk_fills_up(
        server.host,
        lambda: server.start("db.restore", "latest", "--yes"),
        at=("sha256sum", "--check"),
        disk=DATABASES,
        leave=60 << 20,
    )
    assert failed.exit_code == 1, failed
    assert "No space left on device" in failed.output
    assert "the database is as it was" in failed.stderr
    assert "put the page up" not in failed.stdout
    # Without room for its log PostgreSQL ends; where it could not recover either, an administrator starts it again.
    server.host.run("systemctl restart postgresql")
    wait_until(lambda: server.fab("db.status").exit_code == 0, 60, "the database does not come back")
    assert sums(server.host) == before
    assert status(server) == 200

    again = server.fab("db.restore", "latest", "--yes").check()
    assert SCRATCH not in databases(server)
    assert sums(server.host) == before
    server.fab("db.drop", kept(again), "--yes").check()


def test_a_kill_between_the_two_renames_leaves_the_app_its_database(server: Server) -> None:
    before = sums(server.host)
    with held(server.host, "pm2", "stop") as stop:
        restoring = server.start("db.restore", "latest", "--yes")
        stop.wait(restoring, 120)
        hold(server, SCRATCH)
    # The first rename is done and not yet visible, the second waits for whoever is connected.
    second = (
        f"""SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'ALTER DATABASE "{SCRATCH}" RENAME%'"""
    )
    wait_until(lambda: beside(server, second) == "1", 30, lambda: f"no second rename: {restoring.output}")
    found = lock_holder(server)
    server.host.run(f"kill -9 {found['pid']}; kill -9 -- -{found['group']} || true")
    restoring.wait()
    let_go(server)

    assert DATABASE in databases(server)
    assert [name for name in databases(server) if "_before_restore_" in name] == []
    after = server.fab("db.backup").check()
    assert "db.restore" in after.output, "it says what it puts right"
    assert SCRATCH not in databases(server)
    assert sums(server.host) == before
    assert status(server) == 200


def test_somebody_else_s_connection_is_named_before_the_page_goes_up(server: Server) -> None:
    before = sums(server.host)
    hold(server, DATABASE)
    refused = server.fab("db.restore", "latest", "--yes")
    let_go(server)
    assert refused.exit_code == 1
    assert "postgres is connected to prompthub" in refused.stdout
    assert "put the page up" not in refused.stdout
    assert sums(server.host) == before
    assert SCRATCH not in databases(server)


def test_a_database_that_the_app_cannot_live_with_stays_behind_the_page_and_can_be_swapped_back(
    server: Server, tmp_path: Path
) -> None:
    before = sums(server.host)
    server.host.run("""cd / && sql() { runuser -u postgres -- "$@"; }
        sql createdb empty && sql pg_dump -Fc empty >/tmp/empty.dump && sql dropdb empty""")
    file = tmp_path / "empty.dump"
    file.write_bytes(server.host.path("/tmp/empty.dump").read_bytes())
    health = CONFIG.replace('revision = "commit"', 'path = "/"')
    server.operator.config("prompthub", health)  # which reads the table
    failed = server.fab("db.restore", str(file), "--yes")
    assert failed.exit_code == 4
    for said in ("The database is now the file empty.dump", "swaps back", "it stays until a person"):
        assert said in failed.stderr
    assert answer(server, "/")[0] == 503

    back = server.fab("db.restore", kept(failed), "--yes").check()
    assert sums(server.host) == before
    assert status(server) == 200
    server.operator.config("prompthub", CONFIG)
    server.fab("db.drop", kept(back), "--yes").check()


def test_a_rehearsal_changes_a_copy_alone_and_a_deploy_stops_where_it_fails(server: Server) -> None:
    before = sums(server.host)
    rehearsed = server.fab("db.rehearse", "--revision", "migration").check()
    for said in ("rehearse the migrations  done", "rehearse the way back  done", f"{ROWS + 4} rows before"):
        assert said in rehearsed.stdout
    assert "_prisma_migrations: 1 before, 2 after" in rehearsed.stdout
    assert sums(server.host) == before
    assert SCRATCH not in databases(server)

    refused = server.deploy("failing_migration", "--rehearse")
    assert refused.exit_code == 1
    assert "only a copy was changed" in refused.stderr
    assert "  migrate  " not in refused.stdout
    assert sums(server.host) == before
    assert SCRATCH not in databases(server)
    assert status(server) == 200

    deployed = server.deploy("migration", "--rehearse").check()
    assert deployed.stdout.index("rehearse the way back  done") < deployed.stdout.index("  migrate  done")
    after = sums(server.host)
    assert after["Search"] == before["Search"]
    assert USES in server.sql("SELECT migration_name FROM _prisma_migrations")
    again = server.fab("db.rehearse", "--revision", "migration").check()
    assert "nothing to rehearse" in again.output
