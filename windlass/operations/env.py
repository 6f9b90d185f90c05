"""The app's `.env` on the servers: a new one, an earlier one, what it holds."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from secrets import token_hex

from windlass.agent import versions
from windlass.envfile import EnvFile, read
from windlass.errors import ExitCode, UsageError
from windlass.facts import env, state
from windlass.operations.crew import LOOKING, Crew, crew, onlookers
from windlass.operations.env_rows import rows
from windlass.operations.request import Request
from windlass.operations.running import carry_out
from windlass.plans.decide import env as decision
from windlass.plans.decide.env import Coming, Seen
from windlass.plans.env import Change
from windlass.remote.runner import Host, each
from windlass.report.tables import show_env


def env_push(request: Request, file: str) -> int:
    """Put a local file, "-" for standard input, on every host as the app's `.env`, under a new number; the exit code.

    Raises UsageError where it cannot be read or the app has no `.env`, ConfigError for lines that are wrong, NotReady
    where a host's own could not be looked at.
    """
    _check_shared(request)
    config = request.config
    # The database's URL may be the server's own: setup writes it there.
    local = read(file, [name for name in config.shared.required if name != config.database.url])
    return _change(request, local)


def env_use(request: Request, version: str) -> int:
    """Go back, or forth, to a kept version of the app's `.env`, by its number as typed; the exit code.

    Raises UsageError for what is no number, Refused where a host does not have that version.
    """
    _check_shared(request)
    if not (version.isascii() and version.isdigit()):
        raise UsageError(
            f"{version!r} is no version number; nothing was touched", hint="fab env.list shows what is kept"
        )
    return _change(request, int(version))


def env_list(request: Request) -> int:
    """Print what the app's `.env` holds, values masked, and its kept versions; the exit code.

    Raises Told where not all hosts could be reached.
    """
    _check_shared(request)
    with onlookers(request, "env.list") as hosts:
        seen, _ = _look(hosts)
        found = rows(request.config, seen)
        show_env(found, json=request.json)
    return ExitCode.FAILED if any(row.error for row in found) else ExitCode.DONE


def _check_shared(request: Request) -> None:
    """Raise UsageError for an app that has no `.env`."""
    if ".env" not in request.config.shared.files:
        raise UsageError(
            f"{request.config.app.name} shares no .env between its releases; nothing was touched",
            hint='[shared] files in its configuration must name ".env"',
        )


def _change(request: Request, wanted: EnvFile | int) -> int:
    """Put a file, or the kept version of that number, in place on every host or on none; or print how."""
    dry_run = request.dry_run
    what = "env.use" if isinstance(wanted, int) else "env.push"
    with crew(request, what, entry=LOOKING if dry_run else None, aside=dry_run) as hosts:
        if not dry_run:
            each(hosts.hosts, lambda host: host.visit.settle())
        seen, salt = _look(hosts)
        decided, changes = decision.decide(request.config, seen, _coming(wanted, salt))
        if decided.plans and not dry_run:
            _send(hosts, changes, b"" if isinstance(wanted, int) else wanted.content)
        return carry_out(hosts, decided)


def _look(crew: Crew) -> tuple[list[Seen], bytes]:
    """What every host has, and the salt of the digests in it."""
    salt = token_hex(16)
    layout = crew.config.layout
    answers = crew.ask(state.question(layout), env.question(layout, salt, crew.config.app_user))
    seen = [Seen(name, found["state"], found["env"]) for name, found in zip(crew.names, answers, strict=True)]
    return seen, salt.encode()


def _coming(wanted: EnvFile | int, salt: bytes) -> Coming | int:
    if isinstance(wanted, int):
        return wanted
    return Coming(wanted.name, versions.variables(salt, wanted.content), wanted.warnings)


def _send(crew: Crew, changes: Sequence[Change], content: bytes) -> None:
    """Have every host keep what it does not have yet; nothing of it is in use before the plan runs."""
    text = b64encode(content).decode()

    def keep(pair: tuple[Host, Change]) -> None:
        host, change = pair
        adopt = change.was if change.adopt else None
        number = change.version if change.send else None
        host.visit.send("env", adopt=adopt, number=number, content=text, keeps=list(change.keeps))
        host.visit.expect("kept")

    each(list(zip(crew.hosts, changes, strict=True)), keep)
