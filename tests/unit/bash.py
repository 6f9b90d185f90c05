"""Runs a command's text as the agent does: a real bash, `-euo pipefail`, nothing on standard input."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.support.processes import Completed, run
from windlass.shell import Command


def bash(
    command: Command | str,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path = Path("/"),
    lenient: bool = False,
) -> Completed:
    """Run to the end, at most 30 seconds; `lenient` as recovery is, without `-e`."""
    flags = "-uo" if lenient else "-euo"
    return run(["bash", flags, "pipefail", "-c", str(command)], env=env, cwd=cwd, timeout=30)


def is_bash(text: str) -> bool:
    """Whether bash can read the text; nothing is run."""
    return run(["bash", "-n"], stdin=text).exit_code == 0
