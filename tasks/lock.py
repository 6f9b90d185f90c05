"""Who holds an app's lock, and ending a run that does not end by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .chosen import chosen_config
from .onlookers import onlookers
from .options import HELP, task

if TYPE_CHECKING:
    from invoke.context import Context

    from windlass.facts.lock import Holder
    from windlass.remote.runner import Host

    from .visiting import Crew


@task(help=HELP)
def show(ctx: Context, app: str | None = None, target: str | None = None, json: bool = False) -> None:
    """Show who holds the lock, since when and at which step."""
    from dataclasses import asdict

    from windlass.report.jsonl import line

    config = chosen_config(ctx, app)
    with onlookers(ctx, config, "lock.show", target=target, json=json) as hosts:
        for host, holder in _holders(hosts).items():
            if json:
                known = asdict(holder) if holder else {}
                print(line({"host": host, "held": holder is not None, **known}), end="")
            else:
                print(f"{host}  {described(holder)}")


@task(
    name="break",
    help={
        **HELP,
        "yes": "do not ask",
        "wait": "seconds that the run has to end and put things right, before it is killed (default: 60)",
    },
)
def break_(
    ctx: Context,
    yes: bool = False,
    wait: int = 60,
    app: str | None = None,
    target: str | None = None,
    json: bool = False,
) -> None:
    """End the run that holds the lock, and put right what it left."""
    from windlass.errors import Refused, UsageError
    from windlass.events import Ended
    from windlass.remote.opening import Entry

    from .visiting import crew

    if wait < 0:
        raise UsageError(f"--wait {wait} is less than no time; nothing was touched", hint="--wait 60")
    config = chosen_config(ctx, app)
    looking = Entry("unlocked", as_owner=True)
    with crew(ctx, config, "lock.break", target=target, entry=looking, aside=True, json=json) as hosts:
        holders, left = _holders(hosts), _left(hosts)
    held = {name: holder for name, holder in holders.items() if holder}
    if not held and not left:
        for name in holders:
            print(f"{name}  {described(None)}")
        return
    if held and not yes and not _confirmed(held, wait):
        raise Refused("the lock was not broken; nothing was changed")
    runs = tuple(holder.run for holder in held.values())
    breaking = Entry("break", holders=runs, wait=wait)
    with crew(ctx, config, "lock.break", target=target, entry=breaking, json=json) as hosts:
        for host in hosts.hosts:
            if host.name in held:
                _record(host, held[host.name])
            live = host.opened.live["release"]
            text = "the lock is free, and nothing is left half done"
            hosts.report.emit(Ended(host.name, "done", live, hosts.seconds(), text))


def described(holder: Holder | None) -> str:
    """The lock's state in a line."""
    from windlass.report.units import duration

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
    from windlass.facts import lock
    from windlass.remote.runner import each

    asked = lock.question(hosts.config.layout)
    answers = each(hosts.hosts, lambda host: host.visit.ask(asked))
    return {host.name: found["lock"] for host, found in zip(hosts.hosts, answers, strict=True)}


def _left(hosts: Crew) -> bool:
    """Whether a run that is no more left something to be put right on any host."""
    from windlass.facts import state
    from windlass.ledger import UNFINISHED, runs
    from windlass.remote.runner import each

    asked = state.question(hosts.config.layout)
    states = [found["state"] for found in each(hosts.hosts, lambda host: host.visit.ask(asked))]
    return any(run.outcome == UNFINISHED for state in states for run in runs(state.records))


def _record(host: Host, ended: Holder) -> None:
    """The ledger says who ended a run; the run itself could only say that it was ended."""
    fields = {"reason": f"ended {ended.what} by {ended.who}"}
    host.visit.send("record", event="broken", fields=fields)
    host.visit.expect("recorded")


def _confirmed(held: dict[str, Holder], wait: int) -> bool:
    from windlass.report import ask

    told = [f"{host}  {described(holder)}" for host, holder in held.items()]
    migrating = any(holder.step == "migrate" for holder in held.values())
    if migrating:
        told.append(
            "It is migrating: killed in the middle, a migration may stay half applied. Give it time with --wait."
        )
    told.append(f"It is asked to end and to put things right, and killed after {wait} s. End it?")
    return ask("\n".join(told), hint="fab lock.break --yes does not ask")
