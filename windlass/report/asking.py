"""A question to the person at the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TextIO, TypeVar

from windlass.clean import lines
from windlass.report.sink import Sink
from windlass.typed import as_typed

T = TypeVar("T")


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
        sink.write("\n".join([*told, f"→ {lines(as_typed(hint))}"] if hint else told) + "\n")
        return False
    sink.write(f"{lines(question)} [y/N] ")
    return answers.readline().strip().lower() in ("y", "yes")


def fill_in(
    question: str,
    default: str,
    read: Callable[[str], T],
    *,
    required: bool = False,
    answers: TextIO | None = None,
    stream: TextIO | None = None,
) -> T | None:
    """What was typed, made a value by `read`; asked again, with the reason, while that raises ValueError.

    Nothing typed is the default: None is returned, or where it is `required` and there is no default, asked again.
    The end of input ends as Ctrl-C does, with KeyboardInterrupt. Questions are written to standard error.
    """
    answers = answers or sys.stdin
    sink = Sink(stream or sys.stderr)
    while True:
        sink.write(f"{lines(question)}{f' [{lines(default)}]' if default else ''}: ")
        typed = answers.readline()
        if not typed:
            sink.write("\n")
            raise KeyboardInterrupt
        if not typed.strip():
            if default or not required:
                return None
            sink.write("  this one is needed\n")
            continue
        try:
            return read(typed.strip())
        except ValueError as error:
            sink.write(f"  {lines(str(error))}\n")
