"""Who holds an app's lock, and ending a run that does not end by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric import task

from tasks.chosen import chosen_config

if TYPE_CHECKING:
    from invoke.context import Context

    from windlass.config import Config
    from windlass.facts.lock import Holder
    from windlass.runner import Host

HELP = {
    "app": "the app (default: windlass.app of fabric.yaml, else the only one)",
    "target": "the hosts of this target, where -H names none",
    "json": "one JSON object a line",
}


@task(help=HELP)
def show(ctx: Context, app: str | None = None, target: str | None = None, json: bool = False) -> None:
    """Show who holds the lock, since when and at which step."""
    from dataclasses import asdict

    from windlass.report.jsonl import line

    config = chosen_config(ctx, app)
    for host, holder in _holders(ctx, config, "lock.show", target, json=json).items():
        if json:
            print(
                line({"host": host, "held": holder is not None, **(asdict(holder) if holder else {})}), end=""
            )
        else:
            print(f"{host}  {described(holder)}")


@task(
    name="break",
    help={
        **HELP,
        "yes": "do not ask",
        "wait": "seconds that the run has to end and put things right before it is killed",
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
    from tasks.visiting import crew
    from windlass.errors import Refused, UsageError
    from windlass.events import Ended

    if wait < 0:
        raise UsageError(f"--wait {wait} is less than no time; nothing was touched", hint="--wait 60")
    config = chosen_config(ctx, app)
    holders = _holders(ctx, config, "lock.break", target, json=json)
    held = {name: holder for name, holder in holders.items() if holder}
    if not held:
        for name in holders:
            print(f"{name}  {described(None)}")
        return
    if not yes and not _confirmed(held, wait):
        raise Refused("the lock was not broken; nothing was changed")
    runs = tuple(holder.run for holder in held.values())
    with crew(
        ctx, config, "lock.break", target=target, mode="break", holders=runs, wait=wait, json=json
    ) as hosts:
        for host in hosts.hosts:
            if host.name in held:
                _record(host, held[host.name])
            live = host.opened.live["release"]
            hosts.report.emit(Ended(host.name, "done", live, hosts.seconds(), "the lock is free"))


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


def _holders(
    ctx: Context, config: Config, what: str, target: str | None, *, json: bool
) -> dict[str, Holder | None]:
    """Every host's holder, None where the lock is free."""
    from tasks.visiting import crew
    from windlass.facts import lock
    from windlass.runner import each

    asked = lock.question(config.layout)
    with crew(
        ctx, config, what, target=target, mode="unlocked", as_owner=True, aside=True, json=json
    ) as hosts:
        answers = each(hosts.hosts, lambda host: host.visit.ask(asked))
        return {host.name: found["lock"] for host, found in zip(hosts.hosts, answers, strict=True)}


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
