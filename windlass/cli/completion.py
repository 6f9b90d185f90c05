"""What a shell may complete: tasks, their options and, unlike Invoke's own, values from the configuration."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import invoke.program
from invoke.collection import Collection
from invoke.exceptions import Exit
from invoke.parser.argument import Argument
from invoke.parser.context import ParserContext
from invoke.parser.parser import Parser, ParseResult

from windlass.cli.usage import INSTEAD
from windlass.config.folders import config_folder
from windlass.packaged import CHECKOUT
from windlass.tell import tell


def complete_values() -> None:
    """From here on, `--complete` prints values too."""
    invoke.program.complete = _complete  # type: ignore[attr-defined]


def _complete(
    names: list[str],
    core: ParseResult,
    initial_context: ParserContext,
    collection: Collection,
    parser: Parser,
) -> Exit:
    tell("\n".join(candidates(core.remainder, initial_context, parser, config_folder(CHECKOUT))))
    raise Exit


def candidates(line: str, core: ParserContext, parser: Parser, folder: Path) -> list[str]:
    """What the last word of a command line may become, in the order to offer it.

    The line begins with the program. A shell does not say whether a blank follows its last word, so a word
    that is whole already is offered with what may follow it. `folder` holds the apps' files.
    """
    # bash takes user@host and --option=value apart.
    words = re.sub(r" ?([@=]) ?", r"\1", line).split()[1:]
    last = words.pop() if words else ""
    task, option, app = _understood(words, core, parser)
    name, is_set, value = last.partition("=")
    named = _option(name, task, core)
    if named and named.takes_value:
        known = _values(named, value, app, folder)
        return [*known, *(f"{name}={one}" for one in known if is_set)]  # zsh and fish want the whole word
    if option:
        return _values(option, last, app, folder)
    if last.startswith("-"):
        return _flags(task, core)
    if last in parser.contexts:
        longer = [name for name in parser.contexts if name.startswith(last)]
        return [*longer, *_flags(parser.contexts[last], core)]
    return list(parser.contexts)


def _understood(
    words: list[str], core: ParserContext, parser: Parser
) -> tuple[ParserContext, Argument | None, str]:
    """The task that the words lead into, the option that waits for its value, and the value of --app."""
    task, option, app = core, None, ""
    for word in words:
        name, is_set, value = word.partition("=")
        if option:
            app = word if option.name == "app" else app
            option = None
        elif found := _option(name, task, core):
            option = found if found.takes_value and not is_set else None
            app = value if found.name == "app" else app
        elif word in parser.contexts:
            task = parser.contexts[word]
    return task, option, app


def _option(flag: str, *contexts: ParserContext) -> Argument | None:
    return next((context.flags[flag] for context in contexts if flag in context.flags), None)


def _flags(task: ParserContext, core: ParserContext) -> list[str]:
    own = [flag for flag in task.flag_names() if flag.startswith("--")]
    if task is core:
        return [flag for flag in own if flag.removeprefix("--") not in INSTEAD]
    return [*own, "--hosts", "--help"]


def _values(option: Argument, typed: str, app: str, folder: Path) -> list[str]:
    """The values of an option as far as the configuration knows them; none leaves the shell to offer files."""
    files = sorted(folder.glob("*.toml"))
    if option.name == "app":
        return [file.stem for file in files]
    targets = [one for file in files if app in ("", file.stem) for one in _targets(file).items()]
    if option.name == "target":
        return [name for name, _ in targets]
    if "hosts" in option.names:
        return list(_hosts([target for _, target in targets], typed))
    return []


def _hosts(targets: list[dict[str, list[str]]], typed: str) -> Iterator[str]:
    """The targets' hosts behind those that are typed already; bash asks for what follows an @ alone."""
    before = typed[: typed.rfind(",") + 1]
    for host in (host for target in targets for host in target["hosts"]):
        yield f"{before}{host}"
        if "@" in typed[len(before) :]:
            yield host.rpartition("@")[2]


def _targets(file: Path) -> dict[str, dict[str, list[str]]]:
    """The targets of an app; none where its file cannot be read, which config.check says better."""
    try:
        found = tomllib.loads(file.read_text()).get("targets", {})
        return {name: {"hosts": [str(host) for host in target["hosts"]]} for name, target in found.items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
