"""The hosts of a command: opened, worked with at the same time, and their agents' messages as events."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar

from windlass.errors import WindlassError, together
from windlass.events import (
    Connected,
    Event,
    Live,
    Note,
    Output,
    Recovering,
    StepEnded,
    StepStarted,
)
from windlass.plan import Stage
from windlass.remote.opening import Opened, Opening
from windlass.remote.visit import Visit, Wire

T = TypeVar("T")
V = TypeVar("V")
Emit = Callable[[Event], None]


@dataclass
class Host:
    """One host of a command: its name, its visit and what the agent said at the door.

    `end` is the agent's message about a plan's end, `lost` why it will not come.
    """

    name: str
    visit: Visit
    opened: Opened
    began: float
    end: dict[str, Any] = field(default_factory=dict)
    lost: WindlassError | None = None

    @property
    def over(self) -> bool:
        """Whether the plan has ended here, or its end will not be heard of."""
        return bool(self.end or self.lost)

    def go_through(self, stages: Iterable[Stage]) -> None:
        """Say go for all of them at once: the next one then costs no round trip. Raises ConnectionFailed."""
        for stage in stages:
            self.visit.go(stage.name)

    def go(self, stage: str) -> None:
        """Say go for one stage; hear that it passed, or the plan's end. Raises ConnectionFailed."""
        self.visit.go(stage)
        self.hear("stage")

    def ready(self) -> None:
        """Ask whether it still hears and could settle; hear that, or the plan's end. Raises ConnectionFailed."""
        self.visit.send("ready")
        self.hear("ready")

    def hear(self, *events: str) -> None:
        """Wait for one of these messages or the plan's end, which becomes `end`. Raises ConnectionFailed."""
        message = self.visit.expect("end", *events)
        if message["ev"] == "end":
            self.end = message

    @property
    def seconds(self) -> float:
        """Seconds since the command began."""
        return round(time.monotonic() - self.began, 3)


def open_host(name: str, wire: Callable[[], Wire], opening: Opening, emit: Emit, began: float) -> Host:
    """Connect, start the agent, take the lock where the command needs it."""
    visit = Visit(name, wire(), lambda message: _tell(emit, name, message, began))
    opened = visit.open(opening)
    emit(Connected(name, opened.run, round(time.monotonic() - began, 3)))
    return Host(name, visit, opened, began)


def each(items: Iterable[T], work: Callable[[T], V]) -> list[V]:
    """Do the work for every item at the same time; the results in the items' order.

    Once all have ended, the errors are raised as one. Ctrl-C is raised at once, and leaves the work behind.
    """
    values = list(items)
    if len(values) <= 1:
        return [work(value) for value in values]
    futures: list[Future[V]] = [Future() for _ in values]
    for future, value in zip(futures, values, strict=True):
        # Not a pool's: Python would wait for those before it exits.
        threading.Thread(target=resolve, args=(future, work, value), daemon=True).start()
    errors = [future.exception() for future in futures]
    foreseen = [error for error in errors if isinstance(error, WindlassError)]
    if foreseen and len(foreseen) == sum(error is not None for error in errors):
        raise together(foreseen)
    return [future.result() for future in futures]


def resolve(future: Future[V], work: Callable[[T], V], value: T) -> None:
    """Do the work in this thread, and have the future say how it went."""
    try:
        future.set_result(work(value))
    except BaseException as error:  # handed to the thread that waits
        future.set_exception(error)


def attempt(host: Host, work: Callable[[Host], object]) -> bool:
    """Do something with a host; False, and the host is lost, where its connection does not bear it."""
    try:
        work(host)
    except WindlassError as error:
        host.lost = error
        return False
    return True


def _tell(emit: Emit, host: str, message: dict[str, Any], began: float) -> None:
    """Translate an agent's message into the event that the report draws."""
    kind = message["ev"]
    if kind == "out":
        emit(Output(host, message["text"]))
    elif kind == "step":
        emit(StepStarted(host, message["n"], message["stage"], message["title"]))
    elif kind == "stepend":
        emit(
            StepEnded(
                host, message["n"], message["stage"], message["title"], message["state"], message["seconds"],
                message["reason"], tuple(message["tail"]), message.get("log", ""),
            )
        )  # fmt: skip
    elif kind == "recovering":
        emit(Recovering(host, message["reason"]))
    elif kind == "live":
        emit(Live(host, message["release"], message["revision"], round(time.monotonic() - began, 3)))
    elif kind == "note":
        emit(Note(host, message["text"], message.get("level", "note")))
