from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest

from tests.unit.bash import bash
from windlass.errors import WindlassError
from windlass.facts.backups import Backup, parse, question
from windlass.layout import Layout
from windlass.question import Answer

MADE = {
    "name": "0002-bbbbbbb", "release": "0001-aaaaaaa", "why": "deploy 0002-bbbbbbb", "version": "15.14",
    "created": "2026-11-22T04:00:00Z", "bytes": 6, "sha256": "ab" * 32, "verified": "2026-11-22T04:00:09Z",
}  # fmt: skip


def test_a_server_that_has_none_has_none(tmp_path: Path) -> None:
    done = bash(question(Layout(PurePosixPath(tmp_path))).command).check()
    assert parse(Answer(done.stdout)) == ()


def test_the_newest_is_the_first_and_a_foreign_file_is_told_by_its_own_time() -> None:
    out = f"6 1795000000.5 0002-bbbbbbb.dump\n9 1790000000.0 from home.dump\n{json.dumps(MADE)}\n"
    first, second = parse(Answer(out))
    assert first == Backup(
        "0002-bbbbbbb", 6, datetime(2026, 11, 22, 4, tzinfo=UTC), "0001-aaaaaaa", "deploy 0002-bbbbbbb",
        "ab" * 32, "15.14", datetime(2026, 11, 22, 4, 0, 9, tzinfo=UTC),
    )  # fmt: skip
    assert second == Backup("from home", 9, datetime.fromtimestamp(1_790_000_000, UTC))


@pytest.mark.parametrize("about", [json.dumps(MADE), json.dumps(MADE)[:40], '{"name": "other"}', "{}"])
def test_one_that_is_not_as_long_as_it_was_or_says_nothing_is_not_verified(about: str) -> None:
    (backup,) = parse(Answer(f"5 1795000000.5 0002-bbbbbbb.dump\n{about}\n"))
    assert backup.verified is None


def test_what_is_being_written_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    for name in ("a.dump.partial", "a.json.partial", "a.down.sql"):
        (tmp_path / "backups" / name).write_text("{}\n")
    done = bash(question(Layout(PurePosixPath(tmp_path))).command).check()
    assert parse(Answer(done.stdout)) == ()


def test_a_folder_that_may_not_be_read_is_no_empty_one() -> None:
    with pytest.raises(WindlassError, match=r"could not be listed: .*Permission denied"):
        parse(Answer("", "bash: line 2: cd: /srv/shop/backups: Permission denied", 1))
