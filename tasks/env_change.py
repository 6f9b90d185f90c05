"""Changing the app's `.env` on every host, or on none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from invoke.context import Context

    from windlass.config.model import Config
    from windlass.envfile import EnvFile
    from windlass.facts.env import ServerEnv
    from windlass.facts.state import State
    from windlass.plan import Plan
    from windlass.plans.env import Change
    from windlass.remote.runner import Host

    from .visiting import Crew


def change(
    ctx: Context,
    config: Config,
    wanted: EnvFile | int,
    *,
    target: str | None,
    dry_run: bool,
    json: bool,
) -> None:
    """Put a file, or the kept version of that number, in place on every host, or print how."""
    from invoke.exceptions import Exit

    from windlass.plans.env import put
    from windlass.remote.opening import Entry
    from windlass.remote.runner import each

    from .printing import run_or_print
    from .visiting import crew

    what = "env.use" if isinstance(wanted, int) else "env.push"
    entry = Entry("unlocked", as_owner=True) if dry_run else Entry()
    with crew(ctx, config, what, target=target, entry=entry, aside=dry_run, json=json) as hosts:
        if not dry_run:
            each(hosts.hosts, lambda host: host.visit.settle())
        states, seen, salt = look(hosts)
        names = [host.name for host in hosts.hosts]
        changes = _changes(config, names, seen, wanted, salt)
        plans = [put(config, *three) for three in zip(names, states, changes, strict=True)]
        _say(hosts, changes, () if isinstance(wanted, int) else wanted.warnings)
        if all(one.unchanged for one in changes):
            _nothing_to_do(hosts, plans)
            return
        if not dry_run:
            _send(hosts, changes, b"" if isinstance(wanted, int) else wanted.content)
        code = run_or_print(hosts, plans, dry_run=dry_run)
    if code:
        raise Exit(code=code)


def look(crew: Crew) -> tuple[list[State], list[ServerEnv], bytes]:
    """What every host has, and the salt of the digests in it."""
    from secrets import token_hex

    from windlass.facts import env, state
    from windlass.remote.runner import each

    salt = token_hex(16)
    asked = state.question(crew.config.layout), env.question(crew.config.layout, salt)
    answers = each(crew.hosts, lambda host: host.visit.ask(*asked))
    return [found["state"] for found in answers], [found["env"] for found in answers], salt.encode()


def _changes(
    config: Config, names: list[str], seen: list[ServerEnv], wanted: EnvFile | int, salt: bytes
) -> list[Change]:
    """What becomes of each host's `.env`.

    Raises NotReady where it could not be read, or would lack its database's URL; Refused by `back`.
    """
    from windlass.agent import versions
    from windlass.errors import NotReady
    from windlass.plans.env import back, pushed

    own = (config.database.url,)

    for name, one in zip(names, seen, strict=True):
        if one.problem:
            raise NotReady(f"{name}: .env could not be looked at: {one.problem}; nothing was changed")
    if isinstance(wanted, int):
        return back(names, seen, wanted, own)
    changes = pushed(seen, versions.variables(salt, wanted.content), own)
    for name, change in zip(names, changes, strict=True):
        absent = [one for one in own if one in config.shared.required and one not in change.variables]
        if absent:
            raise NotReady(
                f"{absent[0]} is neither in {wanted.name} nor on {name}; nothing was changed",
                hint=f"put it in {wanted.name}, or fab setup --database -H root@{name.rpartition('@')[2]}",
            )
    return changes


def _send(crew: Crew, changes: list[Change], content: bytes) -> None:
    """Have every host keep what it does not have yet; nothing of it is in use before the plan runs."""
    from base64 import b64encode

    from windlass.remote.runner import each

    text = b64encode(content).decode()

    def keep(pair: tuple[Host, Change]) -> None:
        host, change = pair
        adopt = change.was if change.adopt else None
        number = change.version if change.send else None
        host.visit.send("env", adopt=adopt, number=number, content=text, keeps=list(change.keeps))
        host.visit.expect("kept")

    each(list(zip(crew.hosts, changes, strict=True)), keep)


def _say(crew: Crew, changes: list[Change], warnings: tuple[str, ...]) -> None:
    """What is odd about the file, and the names that change on each host."""
    from windlass.events import Note

    for warning in warnings:
        crew.report.emit(Note(crew.hosts[0].name, warning, "warning"))
    for host, change in zip(crew.hosts, changes, strict=True):
        if not change.unchanged:
            crew.report.emit(Note(host.name, change.words() or "no variable is another one"))


def _nothing_to_do(crew: Crew, plans: list[Plan]) -> None:
    from windlass.events import Ended

    for host, plan in zip(crew.hosts, plans, strict=True):
        said, hint = plan.outlook
        crew.report.emit(Ended(host.name, "nothing-to-do", "", crew.seconds(), said, hint))
