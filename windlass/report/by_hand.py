"""A plan as text that a person can read, and type or paste step by step."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from windlass.clean import one_line

UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")

ADVICE = """\
# Paste one step at a time, and go on only where it succeeded.
# Run as a file, it ends at the first command that fails.
case $- in *i*) ;; *) set -euo pipefail ;; esac
"""

PlanStep = tuple[str, str, str, str]
"""Stage, title, bash text, and why the step need not run ("" where it must)."""


def runbook(plan_steps: Iterable[PlanStep], *, title: str = "", notes: Sequence[str] = ()) -> str:
    """The steps as one bash text, titles as comments; one that need not run is commented out.

    What would drive a terminal is replaced by a visible character.
    """
    head = [_comment(title)] if title else []
    found = ["\n".join([*head, *map(_comment, notes), ADVICE])]
    stage = ""
    for number, (its_stage, its_title, text, note) in enumerate(plan_steps, 1):
        if its_stage != stage:
            stage = its_stage
            found.append(f"# == {one_line(stage)} ==\n")
        found.append(_step(number, its_title, text, note))
    return "\n".join(found)


def _step(number: int, title: str, text: str, note: str) -> str:
    body = UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text).strip("\n")
    if not note:
        return f"{_comment(f'{number}. {title}')}\n{body}\n"
    commented = [f"# {line}".rstrip() for line in body.split("\n")]
    return "\n".join([_comment(f"{number}. {title}: unchanged ({note})"), *commented]) + "\n"


def _comment(text: str) -> str:
    return f"# {one_line(text)}"
