"""What db.status says of the migrations, and db.backups of the backups."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.unit.made import past, with_database
from windlass.facts.applied import Applied
from windlass.facts.backups import Backup
from windlass.operations.backups import stored
from windlass.operations.database import known_migrations
from windlass.plans.ways import brought

LEDGER = [
    {"event": "start", "release": "0001-a", "migrations": ["1_init"]},
    {"event": "end", "release": "0001-a", "migrations": ["1_init"], "outcome": "done"},
    {"event": "start", "release": "0002-b", "migrations": ["2_ports", "3_sails"]},
    {"event": "end", "release": "0002-b", "migrations": ["2_ports", "3_sails"], "outcome": "failed"},
    {"event": "start", "release": "0003-c", "migrations": ["3_sails"]},
    {"event": "stable", "release": "0003-c"},
]


def test_the_release_that_had_it_pending_last_brought_a_migration() -> None:
    assert brought(past(LEDGER).deploys) == {"1_init": "0001-a", "2_ports": "0002-b", "3_sails": "0003-c"}


def test_a_migration_is_applied_pending_failed_or_not_the_live_releases() -> None:
    applied = Applied(frozenset({"1_init", "2_ports"}), failed=("3_sails",))
    found = list(known_migrations(applied, ["1_init", "3_sails", "4_masts"], brought(past(LEDGER).deploys)))
    assert [(one.name, one.state, one.release) for one in found] == [
        ("1_init", "applied", "0001-a"),
        ("2_ports", "foreign", "0002-b"),
        ("3_sails", "failed", "0003-c"),
        ("4_masts", "pending", ""),
    ]


def test_a_backup_is_as_old_as_the_servers_clock_says_and_never_younger_than_now() -> None:
    made = datetime(2026, 11, 22, 4, tzinfo=UTC)
    backup = Backup("a", 6, made, copied="s3://bucket/a.dump")
    rows = [stored(with_database(), "h", [backup], made.timestamp() + late)[0] for late in (90, -5)]
    assert [row.age for row in rows] == [90, 0]
    assert (rows[0].file, rows[0].copied) == ("/srv/shop/backups/a.dump", "s3://bucket/a.dump")
