"""Who holds an app's lock, and ending a run that does not end by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from windlass.clean import one_line
from windlass.errors import Refused, UsageError
from windlass.events import Ended
from windlass.facts import lock, state
from windlass.facts.lock import Holder
from windlass.ledger import UNFINISHED, runs
from windlass.operations.crew import LOOKING, Crew, crew, onlookers
from windlass.operations.request import Request
from windlass.remote.opening import Entry
from windlass.remote.runner import Host
from windlass.report import ask
from windlass.report.jsonl import line
from windlass.report.units import duration
from windlass.tell import tell


def lock_show(request: Request) -> int:
    """Show who holds the lock of each host, since when and at which step; changes nothing."""
    with onlookers(request, "lock.show") as hosts:
        for host, holder in _holders(hosts).items():
            if request.json:
                known = asdict(holder) if holder else {}
                tell(line({"host": host, "held": holder is not None, **known}), end="")
            else:
                tell(one_line(f"{host}  {described(holder)}"))
    return 0


def lock_break(request: Request, *, yes: bool = False, wait: int = 60) -> int:
    """End the run that holds the lock, and put right what it or one before it left; the exit code.

    The run has `wait` seconds to end and to put things right, and is killed then. `yes` does not ask. Raises
    UsageError for a negative wait, Refused where the answer is no.
    """
    if wait < 0:
        raise UsageError(f"--wait {wait} is less than no time; nothing was touched", hint="--wait 60")
    with crew(request, "lock.break", entry=LOOKING, aside=True) as hosts:
        holders, left = _holders(hosts), _left(hosts)
    held = {name: holder for name, holder in holders.items() if holder}
    if not held and not left:
        for name in holders:
            tell(f"{name}  {described(None)}")
        return 0
    if held and not yes and not _confirmed(held, wait):
        raise Refused("the lock was not broken; nothing was changed")
    breaking = Entry("break", holders=tuple(holder.run for holder in held.values()), wait=wait)
    with crew(request, "lock.break", entry=breaking) as hosts:
        for host in hosts.hosts:
            if host.name in held:
                _record(host, held[host.name])
            live = host.opened.live["release"]
            text = "the lock is free, and nothing is left half done"
            hosts.report.emit(Ended(host.name, "done", live, hosts.seconds(), text))
    return 0


def described(holder: Holder | None) -> str:
    """The lock's state in a line."""
    if holder is None:
        return "free"
    since = "" if holder.seconds is None else f" for {duration(holder.seconds)}"
    who = f"{holder.what} by {holder.who}" if holder.who else "a run that has not said who it is"
    parts = [f"held{since}: {who}", f"step: {holder.step}" if holder.step else ""]
    if holder.agent:
        parts.append(f"pid {holder.pid}")
    elif holder.pid:
        parts.append(f"its agent (pid {holder.pid}) is gone, and its last step still runs")
    return ", ".join(filter(None, parts))


def _holders(hosts: Crew) -> dict[str, Holder | None]:
    """Every host's holder, None where the lock is free."""
    answers = hosts.ask(lock.question(hosts.config.layout))
    return {name: found["lock"] for name, found in zip(hosts.names, answers, strict=True)}


def _left(hosts: Crew) -> bool:
    """Whether a run that is no more left something to be put right on any host."""
    states = [found["state"] for found in hosts.ask(state.question(hosts.config.layout))]
    return any(run.outcome == UNFINISHED for seen in states for run in runs(seen.past.unfinished))


def _record(host: Host, ended: Holder) -> None:
    """The ledger says who ended a run; the run itself could only say that it was ended."""
    fields = {"reason": f"ended {ended.what} by {ended.who}"}
    host.visit.send("record", event="broken", fields=fields)
    host.visit.expect("recorded")


def _confirmed(held: Mapping[str, Holder], wait: int) -> bool:
    told = [f"{host}  {described(holder)}" for host, holder in held.items()]
    migrating = any(holder.step == "migrate" for holder in held.values())
    if migrating:
        told.append(
            "It is migrating: killed in the middle, a migration may stay half applied. Give it time with --wait."
        )
    told.append(f"It is asked to end and to put things right, and killed after {wait} s. End it?")
    return ask("\n".join(told), hint="fab lock.break --yes does not ask")
