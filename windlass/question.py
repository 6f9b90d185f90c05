"""A fact is a question to the host together with the parser of its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from windlass.shell import Command

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What a question's command printed and exited with; for a call, `out` is the JSON of what it returned.

    `cut`: it was longer than an answer may be, and is not whole.
    """

    out: str
    err: str = ""
    code: int = 0
    cut: bool = False


@dataclass(frozen=True)
class Question(Generic[T]):
    """One question: a command, or the name of an agent's function in `call`; `timeout` is in seconds.

    `as_owner`: where the agent is root, it is asked as the user whom the app belongs to.
    """

    name: str
    command: Command
    parse: Callable[[Answer], T]
    call: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    timeout: float = 30
    environment: tuple[str, ...] = ()
    as_owner: bool = False
