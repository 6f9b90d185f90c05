"""One round, from beginning to end."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass

from tests.support.processes import Completed
from tests.vps import mishaps
from tests.vps.torture import verdict
from tests.vps.torture.commands import prepare, stage_of, wait_for
from tests.vps.torture.hosts import Hosts
from tests.vps.torture.rounds import Round
from tests.vps.torture.strikes import MISHAPS, wait_for_agents
from tests.vps.torture.visitors import Visitors
from windlass.demo.account import Failure

PATIENCE = 120.0
"""Seconds in which an agent that hears nothing of its operator has ended, and given the lock back."""


@dataclass(frozen=True)
class Account:
    """What became of a round, and in seconds how long it took until nobody was at work any more.

    `missed`: there was nothing to strike any more. `away`: seconds for which visitors had no answer from
    a host that was switched off.
    """

    round: Round
    how: str
    missed: bool
    seconds: float
    away: float
    requests: int


class Ordeal:
    """A round on its hosts; `usual` is how many seconds its command takes.

    `said` is what its commands printed so far, for whoever has to find out what went wrong.
    """

    def __init__(self, hosts: Hosts, one: Round, usual: float) -> None:
        self._hosts, self._round, self._usual = hosts, one, usual
        self._mishap = MISHAPS[one.mishap]
        self._app = hosts.apps[one.host]
        self._missed = False
        self._struck = 0.0
        self._visitors: list[Visitors] = []
        self.said: list[Completed] = []

    @property
    def lost(self) -> list[Failure]:
        """What visitors asked for in vain."""
        return [failure for one in self._visitors for failure in one.lost]

    def run(self) -> Account:
        """Go through it. Raises AssertionError where something does not hold that must."""
        arguments = prepare(self._hosts, self._round)
        before = self._hosts.each(verdict.state)
        neighbours = verdict.neighbours(self._hosts)
        with ExitStack() as stack:
            self._visitors = [stack.enter_context(Visitors(app)) for app in self._hosts.apps]
            done = self._interrupted(arguments, self._visitors[self._round.host])
            for app in self._hosts.apps:
                wait_for_agents(app, PATIENCE)
            seconds = time.monotonic() - self._struck
            how = self._judge(done, before)
            self._judge_neighbours(neighbours)
            self._go_on(how)
        assert not self.lost, "\n".join([f"{len(self.lost)} requests lost", *map(str, self.lost[:40])])
        away = max(one.away for one in self._visitors)
        asked = sum(one.requests for one in self._visitors)
        return Account(self._round, how, self._missed, seconds, away, asked)

    def _interrupted(self, arguments: list[str], visitors: Visitors) -> Completed:
        """The command with its mishap, and the mishap over."""
        command = self._hosts.start(*arguments, "--json")
        wait_for(self._round.moment, command, self._app, self._usual)
        self._struck = time.monotonic()
        if self._mishap.off:
            visitors.switch_off(self._struck)
        while not (hit := self._mishap.strike(self._app, command)) and command.alive:
            continue  # what it strikes is not there yet
        self._missed = not hit
        if self._mishap.off:
            visitors.come_again()
        done = command.wait(90)
        self.said.append(done)
        self._mishap.heal(self._app, self._struck)
        if self._mishap.off:
            visitors.wait_for_the_first()
        return done

    def _judge(self, done: Completed, before: list[str]) -> str:
        """How it went, once nobody is at work any more and before anybody looks."""
        died = self._mishap.kills_agent and not self._missed
        orphaned = died and not self._mishap.off
        wrong = verdict.disagreements(self._hosts, [self._app] if orphaned else [])
        how = verdict.went(self._hosts, before)
        if how == verdict.DIFFERS:
            stage = stage_of(done, self._app)
            if not (orphaned and verdict.may_differ(self._hosts, self._app, before, stage)):
                wrong.append(f"the hosts differ: {self._hosts.each(verdict.state)} after {before}, {stage}")
        wrong += verdict.told(self._round, done, how)
        assert not wrong, "\n".join(["after the mishap", *wrong])
        return how

    def _judge_neighbours(self, before: list[str]) -> None:
        now = verdict.neighbours(self._hosts)
        if self._mishap.off:  # there it was started anew
            before = [*before]
            before[self._round.host] = now[self._round.host]
            assert "a neighbour" in now[self._round.host], now
        assert now == before

    def _go_on(self, how: str) -> None:
        """The next commands work, and then all agree."""
        status = self._hosts.fab("status")
        self.said.append(status)
        differ = how == verdict.DIFFERS
        codes = {4} if differ else {0, 4} if self._mishap.kills_agent else {0}
        assert status.exit_code in codes, f"status: {status}"
        other = mishaps.other_commit(self._hosts.apps[0])
        live = self._hosts.apps[0].live()
        following = self._hosts.deploy(live if self._round.follows == "nothing to do" else other)
        self.said.append(following)
        following.check()
        wrong = verdict.disagreements(self._hosts)
        if len(set(self._hosts.each(lambda app: app.live()))) > 1:
            wrong.append("the hosts differ")
        assert not wrong, "\n".join(["after the next command", *wrong])
