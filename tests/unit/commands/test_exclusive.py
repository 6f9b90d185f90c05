"""One change of a database at a time: what is said of the other, and what there is no lock for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.bash import bash
from windlass.commands.exclusive import exclusive
from windlass.shell import cmd

CHANGE = exclusive("a migration", cmd("echo", "changed"))


@pytest.fixture
def answering(tmp_path: Path) -> dict[str, str]:
    """An environment whose psql takes its text, says what the file `answer` holds and stays until its input ends."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "psql").write_text(
        f'#!/bin/bash\ncase "$*" in *SELECT*) exit 0 ;; esac\ncat {tmp_path}/answer || exit 2\ncat >/dev/null\n'
    )
    (programs / "psql").chmod(0o755)
    return {"PATH": f"{programs}:/usr/bin:/bin", "PGDATABASE": "shop"}


def test_what_nobody_else_changes_is_changed(tmp_path: Path, answering: dict[str, str]) -> None:
    (tmp_path / "answer").write_text("held\n")
    assert bash(CHANGE, env=answering).check().output == "changed\n"


def test_what_another_host_changes_is_left_alone_and_that_one_named(
    tmp_path: Path, answering: dict[str, str]
) -> None:
    (tmp_path / "answer").write_text("a restore on web2 (pid 4711)\n")
    done = bash(CHANGE, env=answering)
    assert done.exit_code == 1
    assert "changed by a restore on web2 (pid 4711): this can be tried again" in done.output
    assert "\nchanged" not in f"\n{done.stdout}"


def test_where_nobody_answers_it_goes_on_and_says_so(answering: dict[str, str]) -> None:
    done = bash(CHANGE, env=answering).check()
    assert done.stdout == "whether another host is changing the database could not be seen\nchanged\n"


def test_without_a_database_of_postgresql_there_is_no_lock(answering: dict[str, str]) -> None:
    del answering["PGDATABASE"]
    assert bash(CHANGE, env=answering).check().output == "changed\n"
