"""The app's `.env` on the servers: a new one, an earlier one, what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .chosen import chosen_config
from .options import HELP, task

if TYPE_CHECKING:
    from invoke.context import Context

    from windlass.config.model import Config

DRY_RUN = "say what would change and print every step, instead of doing it"


@task(help={**HELP, "file": "lines of NAME=value; - is standard input", "dry-run": DRY_RUN})
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

    from .env_change import change

    config = _config(ctx, app)
    # The database's URL may be the server's own: setup writes it there.
    local = read(file, [name for name in config.shared.required if name != config.database.url])
    change(ctx, config, local, target=target, dry_run=dry_run, json=json)


@task(help={**HELP, "version": "its number, as env.list shows it", "dry-run": DRY_RUN})
def use(
    ctx: Context,
    version: str,
    dry_run: bool = False,
    app: str | None = None,
    target: str | None = None,
    json: bool = False,
) -> None:
    """Go back, or forth, to a kept version of the app's .env."""
    from windlass.errors import UsageError

    from .env_change import change

    config = _config(ctx, app)
    if not (version.isascii() and version.isdigit()):
        raise UsageError(
            f"{version!r} is no version number; nothing was touched", hint="fab env.list shows what is kept"
        )
    change(ctx, config, int(version), target=target, dry_run=dry_run, json=json)


@task(name="list", help=HELP)
def list_(ctx: Context, app: str | None = None, target: str | None = None, json: bool = False) -> None:
    """List what the app's .env holds, values masked, and its kept versions."""
    from invoke.exceptions import Exit

    from windlass.errors import ExitCode
    from windlass.report.tables import show_env

    from .env_change import look
    from .env_rows import rows
    from .onlookers import onlookers

    config = _config(ctx, app)
    with onlookers(ctx, config, "env.list", target=target, json=json) as hosts:
        states, seen, _ = look(hosts)
        found = rows(config, [host.name for host in hosts.hosts], states, seen)
        show_env(found, json=json)
    if any(row.error for row in found):
        raise Exit(code=ExitCode.FAILED)


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
