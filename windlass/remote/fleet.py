"""Plans run on one host or several: stage by stage, called back together, settled together."""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait

from windlass.errors import Interrupted
from windlass.events import Note, PlanStarted
from windlass.plan import Plan
from windlass.remote.interrupts import Interrupts
from windlass.remote.legs import Leg, legs
from windlass.remote.runner import Emit, Host, attempt, each, resolve

CTRL_C = "Ctrl-C by the operator"


class Fleet:
    """Several hosts going through their plans: no one goes on to the next stage until all are there.

    What is told to all, so that they end the same way, is told under `_deciding`: no Ctrl-C comes between.
    """

    def __init__(self, hosts: list[Host], plans: list[Plan], emit: Emit) -> None:
        self._hosts = hosts
        self._plans = {host.name: plan for host, plan in zip(hosts, plans, strict=True)}
        self._emit = emit
        self._deciding = threading.Lock()
        self._leg: Leg | None = None
        self._cancelled = self._called_back = self._cut_short = False

    def run(self) -> None:
        """Run every plan until each host has its `end`, or is `lost`.

        A stage that fails anywhere before they have settled has every host undo what it did. Ctrl-C cancels the
        plans; a second one raises Interrupted and leaves the hosts to put themselves right.
        """
        with Interrupts() as interrupts:
            driving: Future[None] = Future()
            threading.Thread(target=resolve, args=(driving, Fleet._drive, self), daemon=True).start()
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

    @property
    def _several(self) -> bool:
        return len(self._hosts) > 1

    def _drive(self) -> None:
        each(self._hosts, self._begin)
        if self._several:
            self._walk(legs(self._plans))
        else:
            (host,) = self._hosts
            attempt(host, lambda host: host.go_through(self._plans[host.name].stages))
        each(self._hosts, self._finish)

    def _begin(self, host: Host) -> None:
        plan = self._plans[host.name]
        steps = tuple((stage.name, step.title) for stage in plan.stages for step in stage.steps)
        self._emit(PlanStarted(host.name, plan.title, steps))
        host.end = {}  # that of an earlier plan
        if not attempt(host, lambda host: host.visit.start(plan, fleet=self._several)):
            self._call_back(host, "the connection")

    def _walk(self, way: list[Leg]) -> None:
        for leg in way:
            if leg.settles:
                self._settle(leg)
                return
            if not (self._enter(leg) and self._pass(leg)):
                return
        with self._deciding:
            self._leg = None

    def _enter(self, leg: Leg) -> bool:
        with self._deciding:
            if not (self._cancelled or self._called_back):
                self._leg = leg
                return True
        return False

    def _pass(self, leg: Leg) -> bool:
        if leg.ordered:
            return all(self._go(host, leg) for host in self._hosts)
        return all(each(self._hosts, lambda host: self._go(host, leg)))

    def _go(self, host: Host, leg: Leg) -> bool:
        """Have the host run its stage; whether it passed, or had come to a good end before."""
        if not host.over and host.name in leg.stages:
            attempt(host, lambda host: host.go(leg.name))
        return self._well(host, leg)

    def _well(self, host: Host, leg: Leg) -> bool:
        """Whether nothing has gone wrong on the host; else the others are called back."""
        if host.lost or (host.end and host.end["outcome"] != "done"):
            self._call_back(host, leg.name)
            return False
        return True

    def _settle(self, leg: Leg) -> None:
        """Have all hosts pass the point from which nothing is undone, or none.

        All are asked first: who is lost without a sign is found before any is told. Who is lost between its answer
        and the word goes back by itself, as it would have done before.
        """
        if not all(each(self._hosts, lambda host: self._ready(host, leg))):
            return
        with self._deciding:
            if self._cancelled or self._called_back:
                return
            self._leg = leg
            failed = self._tell_to_settle(leg)
        if failed:
            self._call_back(failed, leg.name)

    def _ready(self, host: Host, leg: Leg) -> bool:
        if not host.over and host.name in leg.stages:
            attempt(host, Host.ready)
        return self._well(host, leg)

    def _tell_to_settle(self, leg: Leg) -> Host | None:
        """Tell all; a host that cannot be told while none was yet is returned."""
        told = False
        for host in self._hosts:
            if host.over:
                continue
            if attempt(host, lambda host: self._let_go(host, leg)):
                told = True
            elif not told:
                return host
        self._cancelled = self._cancelled or self._cut_short
        return None

    def _let_go(self, host: Host, leg: Leg) -> None:
        """Nothing holds the hosts together any more: what is left of the plan is run, or cut short where they were."""
        if self._cut_short:
            host.visit.cancel(CTRL_C)
            return
        stages = self._plans[host.name].stages
        first = next((number for number, stage in enumerate(stages) if stage.name == leg.name), len(stages))
        host.go_through(stages[first:])

    def _call_back(self, failed: Host, what: str) -> None:
        """Have all other hosts undo what they did, at once."""
        with self._deciding:
            if self._called_back:
                return
            self._called_back = True
        why = "was lost" if failed.lost else "failed"
        for host in self._hosts:
            if not host.over:
                attempt(host, lambda host: host.visit.back(f"{what} {why} on {failed.name}"))

    def _finish(self, host: Host) -> None:
        if not host.over:
            attempt(host, lambda host: host.hear())

    def _announce(self) -> None:
        text = "Ctrl-C: ending the step and putting things right"
        if self._leg and self._leg.whole:
            text = "Ctrl-C: all hosts are cut over first, so that they do not differ"
        for host in self._hosts:
            if not host.over:
                self._emit(Note(host.name, f"{text}; Ctrl-C again leaves the server to it"))

    def _cancel(self) -> None:
        with self._deciding:
            if self._cancelled or self._cut_short or (self._leg and self._leg.whole):
                return
            if self._leg and self._leg.watches:
                self._cut_short = True  # and then settled: what was cut over stays on all of them, or on none
            else:
                self._cancelled = True
            for host in self._hosts:
                if not host.over:
                    attempt(host, self._end_early)

    def _end_early(self, host: Host) -> None:
        if self._cut_short:
            host.visit.send("enough", reason=CTRL_C)
        else:
            host.visit.cancel(CTRL_C)

    def _left(self) -> Interrupted:
        left = [host for host in self._hosts if not host.over]
        # Where they are being told to settle, all are told first; a line that takes no bytes is not waited for.
        self._deciding.acquire(timeout=1)
        for host in left:
            host.visit.abandon()
        names = ",".join(host.name for host in left)
        return Interrupted(
            f"left {names or 'the servers'} at Ctrl-C: what had begun is finished or undone there without you",
            hint=f"fab status -H {names} says how it ended" if names else "",
        )
