"""What was decided, as values: plans to run, or what to say where there is nothing to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from windlass.errors import WindlassError, together
from windlass.plan import Plan

T = TypeVar("T")
V = TypeVar("V")


@dataclass(frozen=True)
class Said:
    """A sentence about a host, before anything is run; `level` as of a note."""

    host: str
    text: str
    warning: bool = True


@dataclass(frozen=True)
class AsItIs:
    """A host on which there is nothing to do: what is live there, and what to say of it."""

    host: str
    live: str
    text: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Decision:
    """`plans`, one a host in the hosts' order; or `as_it_is` where nothing needs to be run. `said` comes first."""

    plans: tuple[Plan, ...] = ()
    said: tuple[Said, ...] = ()
    as_it_is: tuple[AsItIs, ...] = ()


def for_each(items: Iterable[T], decide: Callable[[T], V]) -> list[V]:
    """Decide for every host; what is refused for several is raised as one, each host in its own words."""
    found: list[V] = []
    refused: list[WindlassError] = []
    for item in items:
        try:
            found.append(decide(item))
        except WindlassError as error:
            refused.append(error)
    if refused:
        raise together(refused)
    return found
