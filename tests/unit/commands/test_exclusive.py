"""One change of a database at a time: what is said of the other, and what there is no lock for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.bash import bash
from windlass.agent.hold import BY, HELD, NONE, UNSEEN
from windlass.commands.exclusive import hold


@pytest.fixture
def answering(tmp_path: Path) -> dict[str, str]:
    """An environment whose psql takes its text, says what the file `answer` holds and stays until its input ends."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "psql").write_text(
        '#!/bin/bash\ncase "$*" in *SELECT*) exit 0 ;; esac\n'
        f'echo "$PGAPPNAME" >{tmp_path}/name\ncat {tmp_path}/answer || exit 2\ncat >/dev/null\n'
    )
    (programs / "psql").chmod(0o755)
    return {"PATH": f"{programs}:/usr/bin:/bin", "PGDATABASE": "shop", "WINDLASS_RUN": "20261128-deploy-1"}


@pytest.mark.parametrize("answer", [HELD, f"{BY}20261128-db.restore-7 on web2 (pid 4711)"])
def test_what_postgresql_says_is_said_under_the_run_s_own_name(
    tmp_path: Path, answering: dict[str, str], answer: str
) -> None:
    (tmp_path / "answer").write_text(f"{answer}\n")
    assert bash(hold(), env=answering).check().output == f"{answer}\n"
    assert (tmp_path / "name").read_text().startswith("20261128-deploy-1 on ")


def test_where_nobody_answers_it_says_so(answering: dict[str, str]) -> None:
    assert bash(hold(), env=answering).check().stdout == f"{UNSEEN}\n"


def test_without_a_database_of_postgresql_there_is_no_lock(answering: dict[str, str]) -> None:
    del answering["PGDATABASE"]
    assert bash(hold(), env=answering).check().output == f"{NONE}\n"
