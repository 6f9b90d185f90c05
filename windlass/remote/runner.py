"""Runs plans on hosts through their agents, stage by stage, and emits events."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from typing import Any, TypeVar

from windlass.errors import Interrupted, WindlassError, together
from windlass.events import (
    Connected,
    Event,
    Live,
    Note,
    Output,
    PlanStarted,
    Recovering,
    StepEnded,
    StepStarted,
)
from windlass.plan import Plan, Stage
from windlass.remote.interrupts import Interrupts
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
        threading.Thread(target=_resolve, args=(future, work, value), daemon=True).start()
    errors = [future.exception() for future in futures]
    foreseen = [error for error in errors if isinstance(error, WindlassError)]
    if foreseen and len(foreseen) == sum(error is not None for error in errors):
        raise together(foreseen)
    return [future.result() for future in futures]


def _resolve(future: Future[V], work: Callable[[T], V], value: T) -> None:
    try:
        future.set_result(work(value))
    except BaseException as error:  # handed to the thread that waits
        future.set_exception(error)


class Fleet:
    """Several hosts going through the same stages: no one goes on to the next until all are there."""

    def __init__(self, hosts: list[Host], plans: list[Plan], emit: Emit) -> None:
        self._hosts = hosts
        self._plans = plans
        self._emit = emit
        self._deciding = threading.Lock()
        self._stage: Stage | None = None
        self._cancelled = self._called_back = False

    def run(self) -> None:
        """Run every plan until each host has its `end`, or is `lost`.

        A stage that fails anywhere has every host undo what it did. Ctrl-C cancels the plans; a second one
        raises Interrupted and leaves the hosts to put themselves right.
        """
        with Interrupts() as interrupts:
            driving: Future[None] = Future()
            threading.Thread(target=_resolve, args=(driving, Fleet._drive, self), daemon=True).start()
            told = 0
            while not wait([driving], 0.1).done:
                if interrupts.count > 1:
                    raise self._left()
                if interrupts.count > told:
                    told = interrupts.count
                    self._announce()
                if interrupts.count:
                    self._cancel()
        driving.result()

    def _drive(self) -> None:
        each(list(zip(self._hosts, self._plans, strict=True)), lambda pair: self._begin(*pair))
        stages = self._plans[0].stages
        if len(self._hosts) == 1:
            _attempt(self._hosts[0], lambda host: host.go_through(stages))
        else:
            all(self._enter(stage) and self._pass(stage) for stage in stages)
            self._stage = None
        each(self._hosts, self._finish)

    def _begin(self, host: Host, plan: Plan) -> None:
        steps = tuple((stage.name, step.title) for stage in plan.stages for step in stage.steps)
        self._emit(PlanStarted(host.name, plan.title, steps))
        host.end = {}  # that of an earlier plan
        if not _attempt(host, lambda host: host.visit.start(plan)):
            self._call_back(host, "the connection")

    def _enter(self, stage: Stage) -> bool:
        with self._deciding:
            if not (self._cancelled or self._called_back):
                self._stage = stage
                return True
        return False

    def _pass(self, stage: Stage) -> bool:
        if stage.ordered:
            return all(self._go(host, stage) for host in self._hosts)
        return all(each(self._hosts, lambda host: self._go(host, stage)))

    def _go(self, host: Host, stage: Stage) -> bool:
        """Have the host run the stage; whether it passed, or had come to a good end before."""
        if not host.end and _attempt(host, lambda host: host.visit.go(stage.name)):
            _attempt(host, lambda host: host.hear("stage"))
        if host.lost or (host.end and host.end["outcome"] != "done"):
            self._call_back(host, stage.name)
            return False
        return True

    def _call_back(self, failed: Host, what: str) -> None:
        """Have all other hosts undo what they did, at once."""
        with self._deciding:
            if self._called_back:
                return
            self._called_back = True
        why = "was lost" if failed.lost else "failed"
        for host in self._hosts:
            if not host.over:
                _attempt(host, lambda host: host.visit.back(f"{what} {why} on {failed.name}"))

    def _finish(self, host: Host) -> None:
        if not host.over:
            _attempt(host, lambda host: host.hear())

    def _announce(self) -> None:
        text = "Ctrl-C: ending the step and putting things right"
        if self._cutting_over():
            text = "Ctrl-C: all hosts are cut over first, so that they do not differ"
        for host in self._hosts:
            if not host.over:
                self._emit(Note(host.name, f"{text}; Ctrl-C again leaves the server to it"))

    def _cancel(self) -> None:
        with self._deciding:
            if self._cancelled or self._cutting_over():
                return
            self._cancelled = True
        for host in self._hosts:
            if not host.over:
                _attempt(host, lambda host: host.visit.cancel("Ctrl-C by the operator"))

    def _cutting_over(self) -> bool:
        """Whether ending now could leave some hosts on the new release and some on the old one."""
        return self._stage is not None and self._stage.on_cancel == "finish"

    def _left(self) -> Interrupted:
        left = [host for host in self._hosts if not host.over]
        for host in left:
            host.visit.abandon()
        names = ",".join(host.name for host in left)
        return Interrupted(
            f"left {names or 'the servers'} at Ctrl-C: what had begun is finished or undone there without you",
            hint=f"fab status -H {names} says how it ended" if names else "",
        )


def _attempt(host: Host, work: Callable[[Host], object]) -> bool:
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
