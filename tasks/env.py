"""The app's `.env` on the servers: a new one, an earlier one, what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric import task

from .chosen import chosen_config
from .options import HELP

if TYPE_CHECKING:
    from collections.abc import Callable

    from invoke.context import Context

    from windlass.config import Config
    from windlass.envfile import EnvFile
    from windlass.facts.env import ServerEnv
    from windlass.facts.state import State
    from windlass.plan import Plan
    from windlass.plans.env import Change, Digests
    from windlass.runner import Host

    from .visiting import Crew


@task(
    help={
        **HELP,
        "file": "a file of NAME=value lines here; - is standard input",
        "dry-run": "say what would change and print every step, instead of doing it",
    }
)
def push(
    ctx: Context,
    file: str,
    dry_run: bool = False,
    app: str | None = None,
    target: str | None = None,
    json: bool = False,
) -> None:
    """Put a local file on the servers as the app's .env, under a new version number."""
    from windlass.envfile import read

    config = _config(ctx, app)
    local = read(file, config.shared.required)

    def chosen(names: list[str], seen: list[ServerEnv], salt: bytes) -> list[Change]:
        from windlass.plans.env import changes

        return changes(seen, digests(local.content, salt))

    _change(ctx, config, "env.push", chosen, target=target, dry_run=dry_run, json=json, file=local)


@task(
    help={
        **HELP,
        "version": "its number; env.list shows what is kept",
        "dry-run": "say what would change and print every step, instead of doing it",
    }
)
def use(
    ctx: Context,
    version: int,
    dry_run: bool = False,
    app: str | None = None,
    target: str | None = None,
    json: bool = False,
) -> None:
    """Go back, or forth, to a kept version of the app's .env."""
    config = _config(ctx, app)

    def chosen(names: list[str], seen: list[ServerEnv], salt: bytes) -> list[Change]:
        from windlass.plans.env import back

        return back(names, seen, version)

    _change(ctx, config, "env.use", chosen, target=target, dry_run=dry_run, json=json)


def digests(content: bytes, salt: bytes) -> Digests:
    """The content as the servers' digests tell it."""
    from windlass.agent import versions
    from windlass.plans.env import Digests

    return Digests(versions.digest(salt, content), versions.variables(salt, content))


def _config(ctx: Context, app: str | None) -> Config:
    """The configuration of an app that has a `.env`; raises UsageError for one without."""
    from windlass.errors import UsageError

    config = chosen_config(ctx, app)
    if ".env" not in config.shared.files:
        raise UsageError(
            f"{config.app.name} shares no .env between its releases; nothing was touched",
            hint='[shared] files in its configuration must name ".env"',
        )
    return config


def _change(
    ctx: Context,
    config: Config,
    what: str,
    chosen: Callable[[list[str], list[ServerEnv], bytes], list[Change]],
    *,
    target: str | None,
    dry_run: bool,
    json: bool,
    file: EnvFile | None = None,
) -> None:
    """Look at every host, choose what becomes of its `.env`, and bring it there or print how."""
    from invoke.exceptions import Exit

    from windlass.opening import Entry
    from windlass.plans.env import put

    from .printing import run_or_print
    from .visiting import crew

    entry = Entry("unlocked", as_owner=True) if dry_run else Entry()
    with crew(ctx, config, what, target=target, entry=entry, aside=dry_run, json=json) as hosts:
        states, seen, salt = _look(hosts, make=not dry_run)
        names = [host.name for host in hosts.hosts]
        found = chosen(names, seen, salt)
        _say(hosts, found, file)
        plans = [put(config, *three) for three in zip(names, states, found, strict=True)]
        if all(change.unchanged for change in found):
            _nothing_to_do(hosts, plans)
            return
        if not dry_run:
            _send(hosts, found, file)
        code = run_or_print(hosts, plans, dry_run=dry_run)
    if code:
        raise Exit(code=code)


def _look(crew: Crew, *, make: bool) -> tuple[list[State], list[ServerEnv], bytes]:
    """What every host has; the app's folders are made first where they are missing."""
    from secrets import token_hex

    from windlass.errors import NotReady
    from windlass.facts import env, state
    from windlass.runner import each

    salt = token_hex(16)
    asked = state.question(crew.config.layout), env.question(crew.config.layout, salt)
    if make:
        each(crew.hosts, lambda host: host.visit.settle())
    answers = each(crew.hosts, lambda host: host.visit.ask(*asked))
    for host, found in zip(crew.hosts, answers, strict=True):
        if found["env"].problem:
            problem = found["env"].problem
            raise NotReady(f"{host.name}: .env could not be looked at: {problem}; nothing was changed")
    return [found["state"] for found in answers], [found["env"] for found in answers], salt.encode()


def _send(crew: Crew, found: list[Change], file: EnvFile | None) -> None:
    """Have every host keep what it does not have yet; nothing of it is in use before the plan runs."""
    from base64 import b64encode

    from windlass.runner import each

    content = b64encode(file.content).decode() if file else ""

    def keep(pair: tuple[Host, Change]) -> None:
        host, change = pair
        adopt = change.was if change.adopt else None
        number = change.version if change.send else None
        host.visit.send("env", adopt=adopt, number=number, content=content if number else "")
        host.visit.expect("kept")

    each(list(zip(crew.hosts, found, strict=True)), keep)


def _say(crew: Crew, found: list[Change], file: EnvFile | None) -> None:
    """The names that change, and what is odd about the file."""
    from windlass.events import Note

    for host, change in zip(crew.hosts, found, strict=True):
        for warning in file.warnings if file else ():
            crew.report.emit(Note(host.name, warning, "warning"))
        if not change.unchanged:
            crew.report.emit(Note(host.name, change.words() or "no variable is another one"))


def _nothing_to_do(crew: Crew, plans: list[Plan]) -> None:
    from windlass.events import Ended

    for host, plan in zip(crew.hosts, plans, strict=True):
        said, hint = plan.outlook
        crew.report.emit(Ended(host.name, "nothing-to-do", "", crew.seconds(), said, hint))
