"""How a task is declared: its own options in its signature, those that every command has by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from inspect import Parameter
from typing import TYPE_CHECKING, Any

from invoke.tasks import Task

from windlass.cli.call import Call

if TYPE_CHECKING:
    from invoke.context import Context

_COMMON: dict[str, tuple[bool | None, str]] = {
    "dry_run": (False, "print every step's commands instead of running them"),
    "app": (None, "the app (default: windlass.app of fabric.yaml, else the only one)"),
    "target": (None, "the hosts of this target, where -H names none (default: the only target)"),
    "json": (False, "one JSON object a line"),
    "verbose": (False, "every line that the steps print"),
}
"""The options that mean the same everywhere: each one's default, and its help."""

APP = ("app",)
HOSTS = ("app", "target")
LOOK = ("app", "target", "json")
RUN = ("dry_run", "app", "target", "json", "verbose")


def command(
    common: Iterable[str] = (),
    *,
    name: str | None = None,
    connects: bool = True,
    positional: Sequence[str] = (),
    iterable: Sequence[str] = (),
    **help_of: str,
) -> Callable[[Callable[..., None]], Task[Any]]:
    """Make a task of a function that takes a Call and the command's own options.

    `common` are those of the shared options that it has too; they reach the Call alone. `help_of` is the help by
    option; of a shared one, in the place of the usual words. One that has a target and `connects` begins with that at
    once. Raises LookupError for a shared option that is none.
    """
    shared = {option: _COMMON[option] for option in common}
    dials = connects and "target" in shared

    def make(function: Callable[..., None]) -> Task[Any]:
        _, *own = inspect.signature(function).parameters.values()
        names = [parameter.name for parameter in own]
        taken = [
            Parameter(option, Parameter.POSITIONAL_OR_KEYWORD, default=default)
            for option, (default, _) in shared.items()
        ]

        def body(ctx: Context, **options: Any) -> None:
            common = {option: options[option] for option in shared}
            settings = ctx.config.get("windlass", {})
            call = Call(settings.get("hosts"), settings.get("app"), **common)
            function(call.dialled() if dials else call, **{name: options[name] for name in names})

        first = Parameter("ctx", Parameter.POSITIONAL_OR_KEYWORD)
        body.__signature__ = inspect.Signature([first, *own, *taken])  # type: ignore[attr-defined]
        body.__name__, body.__doc__, body.__module__ = (
            function.__name__,
            function.__doc__,
            function.__module__,
        )
        # Invoke would make short flags of first free letters: -d, a dry run of one command, would be another of
        # the next.
        return Task(
            body,
            name=name,
            positional=positional or None,
            iterable=iterable,
            help={_flag(option): text for option, (_, text) in shared.items()}
            | {_flag(option): text for option, text in help_of.items()},
            auto_shortflags=False,
        )

    return make


def _flag(option: str) -> str:
    return option.strip("_").replace("_", "-")
