"""The account of the rows, and what keeps a rehearsal off the real database, in a real bash."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from tests.unit.bash import bash, is_bash
from windlass.agent import env
from windlass.commands import rehearsal, restore, scratch
from windlass.shell import Command

ALWAYS = {"PATH": "/usr/bin:/bin"}


def test_tables_with_other_rows_are_told_and_the_sum_of_all(tmp_path: Path) -> None:
    texts = {
        "before": '3 public."P"\n100 public."S p"\n7 same\n',
        "after": '3 public."P"\n100 public."S p"\n5 new\n7 same\n',
        "back": '90 public."S p"\n3 public."P"\n7 same\n',
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    files = [PurePosixPath(tmp_path / name) for name in texts]
    told = bash(rehearsal.tell(*files), env=ALWAYS).check().stdout.splitlines()
    assert told == [
        "all tables: 110 rows before, 115 after the migrations, 100 after they were taken back",
        "new: none before, 5 after the migrations, none after they were taken back",
        'public."S p": 100 before, 100 after the migrations, 90 after they were taken back',
    ]
    assert list(tmp_path.iterdir()) == []


def test_an_empty_database_is_counted_too(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("before", "after", "back")]
    for file, text in zip(files, ("", "2 new\n", ""), strict=True):
        file.write_text(text)
    told = bash(rehearsal.tell(*map(PurePosixPath, files)), env=ALWAYS).check().stdout
    assert "new: none before, 2 after the migrations, none after" in told
    assert "all tables: 0 rows before, 2 after" in told


@pytest.mark.parametrize("url", ["postgresql://u:p@h/shop", "", None])
def test_nothing_is_migrated_without_the_scratch_database_in_the_url(url: str | None) -> None:
    variables = ALWAYS if url is None else {**ALWAYS, "DATABASE_URL": url}
    guarded = rehearsal.guarded("DATABASE_URL", Command("echo migrated"))
    assert bash(guarded, env=variables).exit_code == 1
    given = env.requested(["scratch"], {"DATABASE_URL": "postgresql://u:p@h/shop"}, "DATABASE_URL", 5)
    assert bash(guarded, env={**ALWAYS, **given}).check().stdout == "migrated\n"


def test_every_text_is_bash() -> None:
    path = PurePosixPath("/srv/it's/a dump")
    texts = [
        scratch.create(), scratch.drop(), scratch.sweep(), scratch.fill(path, path), scratch.compare(path, path),
        scratch.counts(path), scratch.analyze(), restore.verify(path, "abc"), restore.inherit(), restore.undisturbed(),
        restore.swap("kept", mark=path), restore.swap("kept", incoming="it's"), restore.drop("it's"),
        rehearsal.take_back(path, ["b", "a"], path, Command("true")),
        rehearsal.take_back(path, [], path, Command("true")),
    ]  # fmt: skip
    for text in texts:
        assert is_bash(text.text), text


def test_a_sweep_without_a_database_or_without_psql_is_no_failure() -> None:
    bash(scratch.sweep(), env=ALWAYS).check()
    bash(scratch.sweep(), env={**ALWAYS, "PGDATABASE": "shop", "PGHOST": "/nowhere"}).check()
