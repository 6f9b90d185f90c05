"""Runs plans on hosts through their agents, stage by stage, and emits events."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from windlass.errors import WindlassError
from windlass.events import (
    Connected,
    Ended,
    Event,
    Live,
    Note,
    Output,
    PlanStarted,
    Recovering,
    StepEnded,
    StepStarted,
)
from windlass.plan import Plan
from windlass.visit import Opened, Opening, Visit, Wire

T = TypeVar("T")
Emit = Callable[[Event], None]


@dataclass
class Host:
    """One host of a command: its name, its visit and what the agent said at the door."""

    name: str
    visit: Visit
    opened: Opened
    began: float
    end: dict[str, Any] = field(default_factory=dict)

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


def each(items: Mapping[str, T] | list[T], work: Callable[[T], Any]) -> list[Any]:
    """Do the work for every item at the same time; the first error is raised once all have ended."""
    values = list(items.values()) if isinstance(items, Mapping) else list(items)
    if len(values) <= 1:
        return [work(value) for value in values]
    with ThreadPoolExecutor(max_workers=len(values)) as pool:
        futures: list[Future[Any]] = [pool.submit(work, value) for value in values]
    return [future.result() for future in futures]


class Fleet:
    """Several hosts going through the same stages: no one goes on to the next until all are there."""

    def __init__(self, hosts: list[Host], plans: list[Plan], emit: Emit) -> None:
        self._hosts = hosts
        self._plans = plans
        self._emit = emit
        self._interrupts = 0

    def run(self) -> list[dict[str, Any]]:
        """Run every plan to its end; the agents' `end` messages, in the hosts' order.

        A stage that fails anywhere has every host undo what it did. Raises ConnectionFailed for a host that
        was lost, after the others have come to their end.
        """
        for host, plan in zip(self._hosts, self._plans, strict=True):
            steps = tuple((stage.name, step.title) for stage in plan.stages for step in stage.steps)
            self._emit(PlanStarted(host.name, plan.title, steps))
            host.visit.start(plan)
        workers = [threading.Thread(target=self._guarded, daemon=True)]
        self._failure: BaseException | None = None
        workers[0].start()
        while workers[0].is_alive():
            try:
                workers[0].join(0.2)
            except KeyboardInterrupt:
                self._interrupted()
        if self._failure is not None:
            raise self._failure
        return [host.end for host in self._hosts]

    def _guarded(self) -> None:
        try:
            self._drive()
        except BaseException as error:  # handed to the thread that waits
            self._failure = error

    def _drive(self) -> None:
        names = [stage.name for stage in self._plans[0].stages]
        if len(self._hosts) == 1:
            for name in names:
                self._hosts[0].visit.go(name)
            self._finish(self._hosts[0])
            return
        for index, name in enumerate(names):
            if not self._stage(name, ordered=self._plans[0].stages[index].ordered):
                self._call_back(name)
                return
        each(self._hosts, self._finish)

    def _stage(self, name: str, *, ordered: bool) -> bool:
        if not ordered:
            return all(each(self._hosts, lambda host: self._go(host, name)))
        return all(self._go(host, name) for host in self._hosts)

    def _go(self, host: Host, name: str) -> bool:
        host.visit.go(name)
        message = host.visit.expect("stage", "end")
        if message["ev"] == "end":
            self._ended(host, message)
            return False
        return True

    def _call_back(self, stage: str) -> None:
        failed = ", ".join(host.name for host in self._hosts if host.end)
        rest = [host for host in self._hosts if not host.end]
        for host in rest:
            host.visit.back(f"{stage} failed on {failed}")
        each(rest, self._finish) if rest else None

    def _finish(self, host: Host) -> None:
        self._ended(host, host.visit.expect("end"))

    def _ended(self, host: Host, message: dict[str, Any]) -> None:
        host.end = message

    def _interrupted(self) -> None:
        self._interrupts += 1
        if self._interrupts > 1:
            for host in self._hosts:
                host.visit.abandon()
            raise KeyboardInterrupt
        for host in self._hosts:
            self._emit(
                Note(
                    host.name,
                    "Ctrl-C: ending the step and putting things right; Ctrl-C again leaves the server to it",
                )
            )
            if not host.end:
                host.visit.cancel("Ctrl-C by the operator")


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


__all__ = ["Ended", "Fleet", "Host", "WindlassError", "each", "open_host"]
