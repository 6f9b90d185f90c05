"""Backups of a real database of a million rows, and what may befall them. The tests share one host."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.support.processes import Running, wait_until
from tests.vps import mishaps
from tests.vps.apps.million import ROWS, sums
from tests.vps.apps.prompthub import CONFIG, ROOT, Server, shell_word
from tests.vps.hosts.images import DATABASE_PASSWORD, DATABASE_USER
from tests.vps.hosts.network import Slot

SECRET_KEY = "wJalrXUtnFEMI/K7MDENG"

pytestmark = pytest.mark.timeout(600)

BACKUPS = f"{ROOT}/backups"


@pytest.fixture
def server(million_server: Server) -> Server:
    return million_server


@pytest.fixture
def store(server: Server, vps_slot: Slot) -> Iterator[str]:
    """The address of a store with a bucket, `bucket`, to which the operator has the keys."""
    running = ThreadedMotoServer(ip_address="0.0.0.0", port=0, verbose=False)
    running.start()
    _, port = running.get_host_and_port()
    bucket = urllib.request.Request(f"http://127.0.0.1:{port}/bucket", method="PUT")
    urllib.request.urlopen(bucket, timeout=10).close()
    keys = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
    server.operator.environment.update(keys)
    try:
        yield f"http://{vps_slot.gateway}:{port}"
    finally:
        for name in keys:
            del server.operator.environment[name]
        running.stop()


def names(server: Server) -> list[str]:
    """What is in the folder of backups, in order."""
    return server.host.run(f"ls -A {BACKUPS} 2>/dev/null || true").stdout.split()


def listed(server: Server) -> list[dict[str, object]]:
    done = server.fab("db.backups", "--json").check()
    return [json.loads(line) for line in done.stdout.splitlines()]


def asks(server: Server, text: str) -> bool:
    """Whether a statement of the app's user that holds the text is under way."""
    of_app = f"usename = '{DATABASE_USER}' AND state = 'active'"
    return text in server.sql(f"SELECT query FROM pg_stat_activity WHERE {of_app}")


def end_connections(server: Server) -> None:
    """End those of the app's user."""
    server.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{DATABASE_USER}'")


def wait_for_partial(server: Server, command: Running) -> None:
    """Return once the dump is being written."""

    def there() -> bool:
        assert command.alive, command.output
        return any(
            name.endswith(".dump.partial") and server.host.path(f"{BACKUPS}/{name}").stat().st_size
            for name in names(server)
        )

    wait_until(there, 30, lambda: f"no dump: {command.output}", 0.01)


def test_a_backup_holds_every_row_and_says_what_it_is(server: Server) -> None:
    before = names(server)
    dry = server.fab("db.backup", "--dry-run").check()
    assert "pg_dump --format=custom" in dry.stdout
    assert names(server) == before

    done = server.fab("db.backup").check()
    dump, about = sorted(set(names(server)) - set(before))
    assert f"{BACKUPS}/{dump} is made and verified" in done.output
    assert DATABASE_PASSWORD not in done.output + dry.output
    found = json.loads(server.host.read(f"{BACKUPS}/{about}"))
    assert (found["release"], found["why"]) == (server.live, "by hand")
    server.host.run(f"cd {BACKUPS} && echo {found['sha256']} {dump} | sha256sum --check")
    modes = {server.host.path(f"{BACKUPS}/{name}").stat().st_mode & 0o777 for name in (dump, about)}
    assert modes == {0o600}

    server.host.run("cd / && runuser -u postgres -- createdb copy")
    server.host.run(f"cd / && runuser -u postgres -- pg_restore --exit-on-error -d copy <{BACKUPS}/{dump}")
    assert sums(server.host, "copy") == sums(server.host)
    server.host.run("cd / && runuser -u postgres -- dropdb copy")
    row, first = listed(server)
    assert (first["why"], first["release"]) == (f"deploy {server.live}", "")
    assert row["name"] == dump.removesuffix(".dump")
    assert row["verified"]


def test_status_tells_what_the_database_does_and_who_brought_its_migrations(server: Server) -> None:
    (row,) = map(json.loads, server.fab("db.status", "--json").check().stdout.splitlines())
    assert row["size"] > ROWS * 50
    assert row["limit"] == 100
    assert [(one["state"], one["release"]) for one in row["migrations"]] == [("applied", server.live)]
    assert row["backup"] == listed(server)[0]["name"]
    assert (row["longest"], row["waits"], row["warnings"], row["error"]) == (None, [], [], "")


def test_status_names_what_runs_longest_and_what_waits_for_whom(server: Server) -> None:
    end_connections(server)  # those that the app's pool keeps idle
    as_app = f"PGPASSWORD={shell_word(DATABASE_PASSWORD)} psql -h 127.0.0.1 -XU {DATABASE_USER} prompthub"
    holder = server.host.popen(as_app, stdin='BEGIN; LOCK "Search"; SELECT pg_sleep(300);\n')
    wait_until(lambda: asks(server, "pg_sleep(300)"), 20, lambda: holder.output)
    waiter = server.host.popen(as_app, stdin='SELECT count(*) FROM "Search";\n')
    try:
        wait_until(lambda: asks(server, 'FROM "Search"'), 20, lambda: waiter.output)
        (found,) = map(json.loads, server.fab("db.status", "--json").check().stdout.splitlines())
        assert found["longest"]["query"] == "SELECT pg_sleep(300);"
        (wait,) = found["waits"]
        assert (wait["query"], wait["for_pid"]) == ('SELECT count(*) FROM "Search";', found["longest"]["pid"])
        assert found["connections"] == {"active": 2}
    finally:
        end_connections(server)
        holder.wait(20)
        waiter.wait(20)


def test_a_disk_that_fills_up_while_it_is_dumped_leaves_nothing_and_earlier_backups(server: Server) -> None:
    before = names(server)
    server.host.fill_disk(ROOT, leave=1 << 20)
    refused = server.fab("db.backup")
    assert refused.exit_code == 1, refused
    assert "no room for a backup: the database takes" in refused.output, refused
    server.host.free_disk(ROOT)

    done = mishaps.run_while_a_disk_fills_up(
        server.host,
        lambda: server.start("db.backup"),
        at=("date", "+%FT%TZ"),
        disk=ROOT,
        leave=1 << 20,
    )
    assert done.exit_code == 1, done
    assert "No space left on device" in done.output, done
    assert "Traceback" not in done.output, done
    assert names(server) == before


def test_a_dump_that_was_cut_off_is_swept_and_never_listed(server: Server) -> None:
    before = names(server)
    backup = server.start("db.backup")
    wait_for_partial(server, backup)
    server.host.power_cycle()
    assert backup.wait().exit_code == 1
    assert any(name.endswith(".dump.partial") for name in names(server))
    assert sorted(f"{row['name']}.dump" for row in listed(server)) == [
        name for name in before if ".dump" in name
    ]
    wait_until(lambda: server.fab("db.status").exit_code == 0, 30, "the database does not come up")
    server.fab("db.backup").check()
    assert len(names(server)) == len(before) + 2
    assert not [name for name in names(server) if name.endswith(".partial")]


def test_ctrl_c_and_a_second_operator(server: Server) -> None:
    before = names(server)
    with mishaps.held(server.host, "date", "+%FT%TZ") as dump:
        backup = server.start("db.backup")
        dump.wait(backup)
        second = server.fab("db.backup")
        assert second.exit_code == 75, second
        assert "db.backup by operator@" in second.output
        assert "step: back up the database" in second.output
        dump.release()
        wait_for_partial(server, backup)
        backup.interrupt()
        done = backup.wait()
    assert done.exit_code == 1, done
    assert "nothing is left half done" in done.output, done
    assert names(server) == before


def test_a_wrong_password_and_a_server_that_is_down_are_named_and_change_nothing(server: Server) -> None:
    before = names(server)
    env = f"{ROOT}/shared/.env"
    kept = server.host.read(env)
    server.host.write(env, kept.replace("p%40ss", "other"))
    try:
        refused = [server.fab(task) for task in ("db.backup", "db.status")]
    finally:
        server.host.write(env, kept)
    for done in refused:
        assert done.exit_code == 1, done
        assert f'password authentication failed for user "{DATABASE_USER}"' in done.output, done
        assert "is DATABASE_URL in /srv/prompthub/shared/.env right?" in done.output, done
    server.host.run("systemctl stop postgresql")
    try:
        done = server.fab("db.backup")
        assert done.exit_code == 1, done
        assert "Connection refused" in done.output, done
        assert "nothing was changed" in done.output, done
    finally:
        server.host.run("systemctl start postgresql")
    assert names(server) == before


def test_a_file_that_was_cut_short_is_not_called_verified_and_the_last_good_one_stays(server: Server) -> None:
    first = listed(server)[0]
    server.operator.config("prompthub", CONFIG + "[backups]\nkeep = 1\n")
    server.host.run(f"truncate --size=-1 {first['file']}")
    assert listed(server)[0]["verified"] is None
    assert "not verified" in server.fab("db.backups").check().output
    server.fab("db.backup").check()
    (only,) = listed(server)
    assert only["verified"]
    assert only["name"] != first["name"]
    assert len(names(server)) == 2


def test_a_copy_goes_to_the_store_and_neither_key_nor_address_stays(server: Server, store: str) -> None:
    at = f'[backups]\ncopy_to = "s3://bucket/ships"\nendpoint = "{store}"\n'
    server.operator.config("prompthub", CONFIG + at)
    done = server.fab("db.backup").check()
    newest = listed(server)[0]
    place = str(newest["copied"])
    assert re.fullmatch(rf"s3://bucket/ships/prompthub/[^/]+/{newest['name']}-[0-9a-f]{{12}}\.dump", place)
    assert f"copied to {place}" in done.output
    client = boto3.Session("AKIDEXAMPLE", SECRET_KEY).client("s3", endpoint_url=store)
    copy = client.get_object(Bucket="bucket", Key=place.removeprefix("s3://bucket/"))["Body"].read()
    assert copy == server.host.path(str(newest["file"])).read_bytes()
    found = server.host.run(f"grep -rlE 'X-Amz|{SECRET_KEY}' {ROOT} --exclude-dir=node_modules || true")
    assert found.stdout == ""
    assert "X-Amz" not in done.output

    server.operator.config("prompthub", CONFIG + at.replace("bucket/", "nobodys/"))
    failed = server.fab("db.backup")
    assert failed.exit_code == 1, failed
    assert "NoSuchBucket" in failed.output, failed
    made = listed(server)[0]
    assert f"db.copy --backup {made['name']} tries again" in failed.output, failed
    assert (bool(made["verified"]), made["copied"]) == (True, "")
    server.operator.config("prompthub", CONFIG + at)
    server.fab("db.copy", "--backup", str(made["name"])).check()
    assert listed(server)[0]["copied"]
    server.fab("db.copy").check()
    assert server.fab("db.copy", "--backup", "none").exit_code == 1


def test_without_keys_nothing_is_touched(server: Server) -> None:
    before = names(server)
    server.operator.config("prompthub", CONFIG + '[backups]\ncopy_to = "s3://bucket"\n')
    done = server.fab("db.backup")
    assert done.exit_code == 2, done
    assert "nothing was touched" in done.output
    server.operator.config("prompthub", CONFIG)
    assert server.fab("db.copy").exit_code == 2
    assert names(server) == before
