"""What a file on the server is as a dump."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from windlass.question import Answer, Question
from windlass.shell import Command, quote


@dataclass(frozen=True)
class Dump:
    """`version` is the major one of the PostgreSQL that it is of, 0 where it does not say; `problem` why it is none."""

    version: int = 0
    database: str = ""
    problem: str = ""


def question(path: PurePosixPath) -> Question[Dump]:
    """Have pg_restore list it, which reads its table of contents alone."""
    text = f"set +o pipefail\npg_restore --list {quote(path)} | grep '^;' | head -n 20\nexit ${{PIPESTATUS[0]}}\n"
    return Question("dump", Command(text), parse)


def parse(answer: Answer) -> Dump:
    """Never raises: what cannot be listed has a `problem`."""
    version = re.search(r"^;\s+Dumped from database version: (\d+)", answer.out, re.MULTILINE)
    if not version:
        lines = [line.removeprefix("pg_restore: error: ") for line in answer.err.strip().splitlines() if line]
        return Dump(problem=lines[-1] if lines else "pg_restore gave no answer in time")
    database = re.search(r"^;\s+dbname: (.*)$", answer.out, re.MULTILINE)
    return Dump(int(version[1]), database[1] if database else "")
