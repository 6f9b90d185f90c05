"""Task names and flags that do not exist: exit code 2, and what was probably meant.

Invoke ends with 1 for these, with a traceback for a number that is none, and has no setting for either: so
the one method that parses a command line is wrapped.
"""

from __future__ import annotations

import re
from functools import wraps
from typing import Any

from invoke.exceptions import Exit, ParseError
from invoke.parser import Parser

from windlass.errors import ExitCode
from windlass.near import did_you_mean


def exit_with_usage_code() -> None:
    """From here on, a command line that cannot be parsed ends with exit code 2 and a hint."""
    parse = Parser.parse_argv
    if hasattr(parse, "__wrapped__"):
        return

    @wraps(parse)
    def parse_or_explain(self: Parser, argv: list[str]) -> Any:
        try:
            return parse(self, argv)
        except ParseError as error:
            message = explained(str(error), list(self.contexts), _flags(self, error))
        except ValueError as error:
            message = f"{error}\nhint: fab --help TASK lists its options"
        raise Exit(message, ExitCode.USAGE)

    Parser.parse_argv = parse_or_explain  # type: ignore[method-assign]


def explained(message: str, tasks: list[str], flags: list[str]) -> str:
    """Invoke's message about a command line, with a near miss and a hint."""
    unknown = re.fullmatch(r"No idea what '(?P<word>.+)' is!", message)
    if unknown is None:
        message = re.sub(r"<Argument: ([\w-]+).*?>", r"--\1", message)
        return f"{message}\nhint: fab --help TASK lists its options"
    word = unknown["word"]
    if word.startswith("-"):
        return f"no option {word}{did_you_mean(word, flags)}\nhint: fab --help TASK lists a task's options"
    return f"no task {word}{did_you_mean(word, tasks)}\nhint: fab --list shows the tasks"


def _flags(parser: Parser, error: ParseError) -> list[str]:
    contexts = [context for context in (error.context, parser.initial) if context is not None]
    return [flag for context in contexts for flag in context.flags if flag.startswith("--")]
