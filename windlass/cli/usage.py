"""Command lines that cannot be: exit code 2, what was probably meant, what to type next.

Invoke ends with 1 for these, with a traceback for a value that is none, and has no setting for either: so the
two methods that judge a command line are wrapped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import wraps
from typing import Any

from invoke.exceptions import Exit, ParseError
from invoke.parser import Parser
from invoke.parser.context import to_flag
from invoke.program import Program

from windlass.cli.pipes import reader_may_leave
from windlass.errors import ExitCode
from windlass.near import did_you_mean
from windlass.typed import as_typed

LIST_FORMATS = ("flat", "nested", "json")

_TASK_OPTIONS = "fab --help TASK lists what a task takes"
INSTEAD = {
    "dry": "--dry-run, after a task that has it, shows what would be done: fab deploy --dry-run",
    "identity": "IdentityFile in ~/.ssh/config",
    "ssh-config": "Include in ~/.ssh/config",
    "connect-timeout": "connect_timeout of [ssh] in the app's file, in seconds",
    "prompt-for-login-password": "Windlass logs in with keys: ssh-copy-id HOST",
    "prompt-for-passphrase": "ssh-add asks for it, once",
    "prompt-for-sudo-password": "log in as root for what needs root: -H root@HOST",
    **dict.fromkeys(("command-timeout", "echo", "hide", "pty", "warn-only"), _TASK_OPTIONS),
}
"""Options of Fabric's own that nothing here obeys, and what does."""


def exit_with_usage_code() -> None:
    """From here on, a command line that cannot be ends with exit code 2 and a hint."""
    if hasattr(Parser.parse_argv, "__wrapped__"):
        return
    parse, clean_up = Parser.parse_argv, Program.parse_cleanup

    @wraps(parse)
    def parse_or_explain(self: Parser, argv: list[str]) -> Any:
        try:
            return parse(self, argv)
        except ParseError as error:
            raise _refused(explained(str(error), self.contexts, _flags(self, error), _task(error))) from None
        except ValueError as error:
            number = re.sub(r"invalid literal for int.*: ", "not a number: ", str(error))
            raise _refused(f"{number}\nhint: fab --help TASK lists its options") from None

    @wraps(clean_up)
    def clean_up_or_explain(self: Program) -> None:
        _check_options(self)
        _check_list(self)
        try:
            with reader_may_leave():
                clean_up(self)
        except ParseError as error:  # --help of a task that is none
            raise _refused(explained(str(error), self.parser.contexts, [])) from None

    Parser.parse_argv = parse_or_explain  # type: ignore[method-assign]
    Program.parse_cleanup = clean_up_or_explain  # type: ignore[method-assign]


def explained(message: str, tasks: Iterable[str], flags: list[str], task: str = "") -> str:
    """Invoke's message about a command line, with a near miss and a hint; `task` had been read before it."""
    unknown = re.fullmatch(r"No idea what '(?P<word>.+)' is!", message)
    options = f"hint: fab --help {task or 'TASK'} lists its options"
    if unknown is None:
        return f"{_incomplete(message)}\n{options}"
    word = unknown["word"]
    if word.startswith("-"):
        of = f" of {task}" if task else ""
        return f"no option {word}{of}{did_you_mean(word, flags)}\n{options}"
    more = f"; fab --help {task} what {task} takes" if task else ""
    return f"no task {word}{did_you_mean(word, tasks)}\nhint: fab --list shows the tasks{more}"


def _incomplete(message: str) -> str:
    """What a command line lacks, in short; another message as it is."""
    if flag := re.fullmatch(r"Flag <Argument: ([\w-]+).*?> needed value and was not given one!", message):
        return f"{to_flag(flag[1])} needs a value"
    if lacks := re.fullmatch(r"'(\S+)' did not receive required positional arguments: (.+)", message):
        return f"{lacks[1]} needs {lacks[2].replace(chr(39), '').upper()}"
    return message


def _refused(message: str) -> Exit:
    return Exit(as_typed(message), ExitCode.USAGE)


def _check_options(program: Program) -> None:
    """Refuse what Fabric knows and nothing here obeys: an option that does nothing would seem to work."""
    for name, hint in INSTEAD.items():
        if name in program.args and program.args[name].got_value:
            option = "/".join(map(to_flag, program.args[name].names))
            raise _refused(f"fab {option} does nothing here\nhint: {hint}")
    command = program.core.remainder
    if command and not program.args.complete.value:
        raise _refused(f"a command after -- is not run\nhint: ssh HOST {command}")


def _check_list(program: Program) -> None:
    """Refuse a list of what is no group of tasks, and one in an unknown format."""
    root, style = program.args.list.value, program.args["list-format"].value
    groups = list(program.collection.collections)
    if isinstance(root, str) and root not in groups:
        hint = f"hint: fab --list shows all; of one group: {', '.join(groups)}"
        raise _refused(f"no group of tasks {root}{did_you_mean(root, groups)}\n{hint}")
    if style not in LIST_FORMATS:
        raise _refused(f"no list format {style}\nhint: fab --list --list-format {'|'.join(LIST_FORMATS)}")


def _task(error: ParseError) -> str:
    return (error.context.name if error.context else "") or ""


def _flags(parser: Parser, error: ParseError) -> list[str]:
    contexts = [context for context in (error.context, parser.initial) if context is not None]
    known = [flag for context in contexts for flag in context.flags if flag.startswith("--")]
    return [flag for flag in known if flag.removeprefix("--") not in INSTEAD]
