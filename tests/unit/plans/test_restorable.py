"""What may be put in the place of the database, and what is meant by a name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit import made
from windlass.errors import NotReady, Refused, UsageError
from windlass.facts.backups import Backup
from windlass.facts.databases import Databases, Kept
from windlass.facts.dump import Dump
from windlass.plans import restorable

CONFIG = made.with_database()
HOST = "deploy@host"
KEPT = "shop_before_restore_20261122_040500"
GOOD = Databases("shop", "app", "app", owns=True, creates=True, version=15, size=1 << 30, free=2 << 30)
NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
BACKUPS = (
    Backup("20261122-030000", 10, NOW, why="by hand"),
    Backup("0042-abc1234", 10, NOW, why="deploy", sha256="abc", verified=NOW),
)


def source(named: str, found: Databases = GOOD, file: str | None = None) -> restorable.Source:
    return restorable.source(CONFIG, HOST, named, found, BACKUPS, file, "20261122-040500")


def test_latest_is_the_newest_backup_that_was_verified() -> None:
    assert source("latest").name == "0042-abc1234"
    with pytest.raises(UsageError, match="no verified backup"):
        restorable.source(CONFIG, HOST, "latest", GOOD, BACKUPS[:1], None, "")


def test_a_name_is_that_of_a_backup_of_a_kept_database_or_nothing() -> None:
    assert source("0042-abc1234.dump").sha256 == "abc"
    with_kept = Databases(**{**vars(GOOD), "others": (Kept(KEPT, 1), Kept("shop_2", 1))})
    assert source(KEPT, with_kept).database == KEPT
    for other in ("shop_2", "shop", "postgres", "'; DROP"):
        with pytest.raises(UsageError):
            source(other, with_kept)


def test_only_what_restores_of_this_database_kept_counts_as_kept() -> None:
    names = (
        KEPT,
        "shop2_before_restore_20261122_040500",
        "shop_before_restore_",
        "before_restore_20261122_040500",
    )
    found = Databases(**{**vars(GOOD), "others": tuple(Kept(name, 1) for name in names)})
    assert [one.name for one in found.kept] == [KEPT]
    assert found.kept_as("20261122-040500") == KEPT


def test_a_long_name_is_cut_so_that_postgresql_does_not() -> None:
    name = "ж" * 31
    long = Databases(**{**vars(GOOD), "name": name})
    kept = long.kept_as("20261122-040500")
    assert len(kept.encode()) <= 63
    assert Databases(**{**vars(long), "others": (Kept(kept, 1),)}).kept == (Kept(kept, 1),)


@pytest.mark.parametrize(
    ("lack", "said"),
    [
        ({"creates": False}, 'ALTER ROLE "app" CREATEDB;'),
        ({"owns": False, "owner": "postgres"}, 'ALTER DATABASE "shop" OWNER TO "app";'),
    ],
)
def test_a_role_that_may_not_is_told_what_an_administrator_types(lack: dict[str, Any], said: str) -> None:
    with pytest.raises(NotReady, match="nothing was changed") as refused:
        restorable.check_database(CONFIG, HOST, Databases(**{**vars(GOOD), **lack}))
    assert said in refused.value.hint


def test_what_is_no_dump_or_of_a_newer_postgresql_is_refused() -> None:
    restorable.check_dump(HOST, GOOD, source("latest"), Dump(15))
    restorable.check_dump(HOST, GOOD, source("latest"), Dump(9))
    with pytest.raises(Refused, match="PostgreSQL 16, and the server has 15"):
        restorable.check_dump(HOST, GOOD, source("latest"), Dump(16))
    with pytest.raises(Refused, match="no dump"):
        restorable.check_dump(HOST, GOOD, source("latest"), Dump(problem="input file is too short"))


@pytest.mark.parametrize(
    ("known", "takes"),
    [
        ({"free": (1 << 30) - 1}, 0),
        ({"free": 3 << 29, "log": 2 << 30}, 0),  # the log grows with the database
        ({"size": 0, "log": 1 << 29}, 2 << 30),  # the present one was emptied, the backup is from before
    ],
)
def test_a_disk_that_has_no_room_for_it_is_told_before_anything_is_begun(
    known: dict[str, Any], takes: int
) -> None:
    with pytest.raises(NotReady, match="no room; nothing was changed"):
        restorable.check_room(HOST, Databases(**{**vars(GOOD), **known}), takes)
    restorable.check_room(HOST, Databases(**{**vars(GOOD), **known, "free": 3 << 30}), takes)
    restorable.check_room(HOST, Databases(**{**vars(GOOD), **known, "free": None}), takes)
