from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.unit.made import with_database
from windlass.config.model import Config
from windlass.facts.backups import Backup
from windlass.plans.backup import name_at, too_old

NOW = 1_795_000_000.0


def backup(name: str, days: float, *, verified: bool = True, why: str = "by hand") -> Backup:
    made = datetime.fromtimestamp(NOW - days * 86400, UTC)
    return Backup(name, 6, made, why=why, verified=made if verified else None)


def keeping(keep: int, days: int) -> Config:
    return with_database().model_copy(
        update={"backups": with_database().backups.model_copy(update={"keep": keep, "keep_days": days})}
    )


@pytest.mark.parametrize(
    ("keep", "days", "coming", "removed"),
    [
        (3, 0, False, []),
        (2, 0, False, ["c"]),
        (2, 0, True, ["b", "c"]),
        (1, 0, True, ["a", "b", "c"]),
        (9, 10, True, ["c"]),
        (9, 5, False, ["c"]),
        (9, 1, True, ["b", "c"]),
    ],
)
def test_backups_go_beyond_a_number_and_beyond_an_age(
    keep: int, days: int, coming: bool, removed: list[str]
) -> None:
    found = [backup("a", 0.5), backup("b", 4), backup("c", 20)]
    assert too_old(keeping(keep, days), found, NOW, coming=coming) == removed


def test_the_last_verified_backup_stays_however_old_it_is() -> None:
    found = [backup("cut", 40, verified=False), backup("last", 50), backup("older", 60)]
    assert too_old(keeping(1, 30), found, NOW, coming=False) == ["cut", "older"]
    assert too_old(keeping(1, 30), found, NOW, coming=True) == ["cut", "last", "older"]


def test_a_dump_that_somebody_put_there_stays() -> None:
    found = [backup("a", 1), backup("from home", 400, verified=False, why="")]
    assert too_old(keeping(1, 30), found, NOW, coming=True) == ["a"]


def test_a_backup_of_no_release_is_named_after_the_servers_time_in_utc() -> None:
    assert name_at(NOW) == "20261118-110640"
