"""Visits that only look: without the lock, and where one host cannot be reached, the others are shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from invoke.context import Context

    from windlass.config.model import Config

    from .visiting import Crew


@contextmanager
def onlookers(
    ctx: Context,
    config: Config,
    what: str,
    *,
    target: str | None,
    json: bool = False,
    as_owner: bool = True,
    first_only: bool = False,
) -> Iterator[Crew]:
    """The hosts that could be reached; after the body the others are named, and the command ends as they did."""
    from invoke.exceptions import Exit

    from windlass.remote.opening import Entry
    from windlass.report import say_error

    from .visiting import crew

    with crew(
        ctx,
        config,
        what,
        target=target,
        entry=Entry("unlocked", as_owner=as_owner),
        lenient=True,
        aside=True,
        first_only=first_only,
        json=json,
    ) as hosts:
        yield hosts
    for error in hosts.missing.values():
        say_error(error.message, error.hint, json=json)
    if hosts.missing:
        raise Exit(code=max(int(error.exit_code) for error in hosts.missing.values()))
