"""What squawk, a linter of PostgreSQL migrations, says of SQL; run on the operator's machine."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 30


@dataclass(frozen=True)
class Finding:
    """One complaint: squawk's name of the rule, its sentence, and the line that it is about, from 1."""

    rule: str
    message: str
    line: int


def findings(sql: str) -> list[Finding] | None:
    """All that squawk says of one migration, which it takes to be one transaction; None where it is not there."""
    program = shutil.which("squawk", path=str(Path(sys.executable).parent)) or shutil.which("squawk")
    if program is None:
        return None
    command = [program, "--assume-in-transaction", "--reporter", "json"]
    try:
        done = subprocess.run(
            command, input=sql, capture_output=True, text=True, timeout=PATIENCE, check=False, cwd="/"
        )
        found = json.loads(done.stdout or "[]")
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return [Finding(one["rule_name"], one["message"], one["line"] + 1) for one in found]
