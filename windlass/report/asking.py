"""A question to the person at the terminal."""

from __future__ import annotations

import sys
from typing import TextIO

from windlass.report.sink import Sink
from windlass.report.text import lines


def ask(
    question: str,
    *,
    hint: str = "",
    answers: TextIO | None = None,
    stream: TextIO | None = None,
) -> bool:
    """Whether the answer was a yes; anything else is a no, as is the end of input.

    Where nobody can answer (standard input is no terminal) it does not wait: it shows question and `hint`,
    which says how a script gives its yes. Both are written to standard error.
    """
    answers = answers or sys.stdin
    sink = Sink(stream or sys.stderr)
    if not answers.isatty():
        told = [lines(question), "no terminal to answer on, so: no"]
        sink.write("\n".join([*told, f"→ {lines(hint)}"] if hint else told) + "\n")
        return False
    sink.write(f"{lines(question)} [y/N] ")
    return answers.readline().strip().lower() in ("y", "yes")
