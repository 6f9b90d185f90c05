"""What psql says where it could not do what it was asked."""

from __future__ import annotations

from windlass.question import Answer


def problem(answer: Answer) -> str:
    """Its last word; lines that are indented guess at the cause of the one before."""
    lines = [line for line in answer.err.splitlines() if line[:1].strip()]
    if not lines:
        return "no answer in time" if answer.code == 124 else f"psql ended with exit code {answer.code}"
    return lines[-1].removeprefix("psql: error: ")
