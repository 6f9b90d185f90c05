"""Prisma's commands; the prisma in here is a stand-in that knows the options of one version."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from tests.support.processes import Completed
from tests.unit.bash import bash
from windlass.commands import prisma

STAND_IN = """#!/bin/bash
# Not prisma: it knows the options of one version, and writes which schemas it was given.
case "$*" in
    *"$KNOWS "*) echo "-- from $4 to $6" ;;
    *) echo "unknown or unexpected option: $3" >&2; exit 1 ;;
esac
"""


def written(folder: Path, knows: str) -> Completed:
    (folder / "prisma").write_text(STAND_IN)
    (folder / "prisma").chmod(0o755)
    new, old = PurePosixPath("/srv/new's.prisma"), PurePosixPath("/srv/old.prisma")
    text = prisma.down_sql(new, old, PurePosixPath(folder / "it's.down.sql"))
    return bash(text, env={"PATH": f"{folder}:/usr/bin:/bin", "KNOWS": knows})


@pytest.mark.parametrize("option", ["--from-schema-datamodel", "--from-schema"])
def test_the_way_back_is_from_the_new_schema_to_the_old_with_every_version(
    tmp_path: Path, option: str
) -> None:
    done = written(tmp_path, option).check()
    assert done.output == ""
    assert (tmp_path / "it's.down.sql").read_text() == "-- from /srv/new's.prisma to /srv/old.prisma\n"


def test_a_way_back_that_could_not_be_found_leaves_no_file_and_says_why(tmp_path: Path) -> None:
    failed = written(tmp_path, "--nothing")
    assert failed.exit_code == 1
    assert failed.stderr == "unknown or unexpected option: --from-schema\n"
    assert not (tmp_path / "it's.down.sql").exists()


def test_only_what_deploys_is_run() -> None:
    assert prisma.migrate().text == "prisma migrate deploy"
    assert prisma.generate().text == "prisma generate"
