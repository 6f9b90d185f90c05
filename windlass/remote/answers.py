"""Reading a host's answers: one that cannot be read is an error in words."""

from __future__ import annotations

from json import JSONDecodeError
from typing import Any, TypeVar

from windlass.errors import WindlassError
from windlass.question import Answer, Question

T = TypeVar("T")


def parsed(host: str, question: Question[T], answer: dict[str, Any] | None) -> T:
    """The answer to a question, parsed. Raises WindlassError where it was cut, or is not what was asked for."""
    try:
        given = Answer(**(answer or {}))
        if given.cut:
            raise WindlassError(
                f"{host}: the answer to {question.name!r} is too long to be sent whole",
                hint="ask for less, where the command has an option for that (--lines)",
            )
        return question.parse(given)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise WindlassError(
            f"{host}: the answer to {question.name!r} cannot be read: {_why(error)}",
            hint=f"try again; fab status -H {host} shows what is live",
        ) from error


def _why(error: Exception) -> str:
    """What a parser said, in words: Python's own names of errors are for its authors."""
    if isinstance(error, JSONDecodeError):
        return "it is not JSON, or not whole"
    if isinstance(error, ValueError) and str(error):
        return " ".join(str(error).split())
    return f"it is not what this version of Windlass asks for ({type(error).__name__}: {error})"
