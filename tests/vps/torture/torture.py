"""Round after round on the same hosts; on fresh ones after a round that failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tests.vps.apps.tiny import ROOT
from tests.vps.torture.commands import measure
from tests.vps.torture.hosts import Hosts
from tests.vps.torture.ordeal import Account, Ordeal
from tests.vps.torture.rounds import Round

LAST_RUN = f"""
tail -qn 8 {ROOT}/ledger/*.jsonl {ROOT}/ledger.jsonl
tr -s ' ' <{ROOT}/lock; ls -l {ROOT}/run {ROOT}/releases; ls -l {ROOT}/current
for run in $(ls -t {ROOT}/logs | head -n 3); do
    echo "--- $run"; cd {ROOT}/logs/$run && ls --full-time *.log; tail -n 4 *.log | grep .; cd ..
done
runuser -u deploy -- env HOME=/home/deploy pm2 -s jlist | grep -o '"name":"[^"]*","pm_id":[0-9]*'; uptime
"""


@dataclass(frozen=True)
class Broken:
    """A round that did not hold: how many requests were lost, and all that is known of it."""

    round: Round
    lost: int
    text: str

    def __str__(self) -> str:
        return self.text


class Torture:
    """Rounds on hosts: `accounts` of those that held, `failures` of those that did not."""

    def __init__(self, hosts: Hosts, say: Callable[[str], None]) -> None:
        self._hosts, self._say = hosts, say
        self._usual: dict[str, float] = {}
        self.accounts: list[Account] = []
        self.failures: list[Broken] = []

    def run(self, rounds: Sequence[Round]) -> None:
        """Go through all of them, whatever becomes of one."""
        for one in rounds:
            self._hosts.take()
            if not (one.moment.stage or self._usual):
                self._usual = measure(self._hosts)
            ordeal = Ordeal(self._hosts, one, self._usual.get(one.command, 0.0))
            try:
                account = ordeal.run()
            except Exception as error:
                self._fail(one, error, ordeal)
                self._hosts.give_up()
            else:
                self.accounts.append(account)
                self._say(f"{one}: {account.how}{' (missed)' * account.missed}, {account.seconds:.1f} s")

    def _fail(self, one: Round, error: Exception, ordeal: Ordeal) -> None:
        told = [f"FAILED {one}: {type(error).__name__}: {error}", *map(str, ordeal.said)]
        for app in self._hosts.apps:
            with suppress(Exception):
                told.append(f"--- {app.host}\n{app.vps.run(LAST_RUN, check=False).output}")
        self.failures.append(Broken(one, len(ordeal.lost), "\n".join(told)))
        self._say(self.failures[-1].text)
