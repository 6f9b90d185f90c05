"""The app's database from the operator's chair: a prompt on the server, a port of this machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .chosen_database import database_config
from .onlookers import onlookers
from .options import APP, HELP, task

if TYPE_CHECKING:
    from invoke.context import Context

    from windlass.config.model import Config
    from windlass.facts.database import Place
    from windlass.remote.ssh import Link

REACH_HELP = {**APP, "target": HELP["target"]}


@task(help=REACH_HELP)
def console(ctx: Context, app: str | None = None, target: str | None = None) -> None:
    """Open psql on the server, logged in as the app is; in a pipe it reads SQL."""
    from invoke.exceptions import Exit

    from windlass.commands.console import console_command
    from windlass.errors import ExitCode

    config = database_config(ctx, app)
    layout = config.layout
    with _link(ctx, config, target) as link:
        code = link.run_here(console_command(layout.root, layout.env_file, config.database.url))
    if code:  # psql has numbers of its own
        raise Exit(code=ExitCode.FAILED)


@task(help={**HELP, "port": "the port of this machine (default: one that is free)"})
def tunnel(
    ctx: Context, port: int = 0, app: str | None = None, target: str | None = None, json: bool = False
) -> None:
    """Forward a port of this machine to the database, until Ctrl-C."""
    from windlass.errors import UsageError
    from windlass.remote.ssh import Tunnel

    if not 0 <= port <= 65535:
        raise UsageError(f"--port {port} is no port; nothing was touched", hint="fab db.tunnel --port 15432")
    config = database_config(ctx, app)
    found = _place(ctx, config, target, json=json)
    with _link(ctx, config, target) as link:
        link.give_up_after(30)
        forwarded = Tunnel(link, found.there, port)
        _say(config, link.peer.name, found, forwarded.port, json=json)
        try:
            forwarded.serve(_complain)
        except KeyboardInterrupt:
            if not json:
                print("\nthe tunnel is closed")


def _link(ctx: Context, config: Config, target: str | None) -> Link:
    """A connection to the first host."""
    from windlass.remote.ssh import connect

    from .chosen import chosen_hosts

    specs, _ = chosen_hosts(ctx, config, target)
    if len(specs) > 1:
        print(f"{specs[0].name}: the first of {len(specs)} hosts, which share one database", file=sys.stderr)
    return connect(specs[0], timeout=config.ssh.connect_timeout)


def _place(ctx: Context, config: Config, target: str | None, *, json: bool) -> Place:
    """Where the app finds its database. Raises NotReady where its `.env` does not say."""
    from windlass.errors import NotReady
    from windlass.facts.database import place

    with onlookers(ctx, config, "db.tunnel", target=target, first_only=True, json=json) as hosts:
        for host in hosts.hosts:
            found: Place | None = host.visit.ask(place())["place"]
    if found is None:
        file, name = config.layout.env_file, config.database.url
        raise NotReady(
            f"{file} has no {name} that names a PostgreSQL", hint="fab env.push FILE puts one there"
        )
    return found


def _say(config: Config, host: str, place: Place, port: int, *, json: bool) -> None:
    from windlass.remote.ssh.tunnel import HERE
    from windlass.report.jsonl import line

    url = place.url(HERE, port)
    if json:
        print(line({"host": host, "port": port, "url": url}), end="", flush=True)
        return
    print(f"{url} is the database of {config.app.name} on {host}; Ctrl-C closes the tunnel")
    print(f"the password is that of {config.database.url} in {config.layout.env_file} there", flush=True)


def _complain(error: Exception) -> None:
    from windlass.errors import WindlassError
    from windlass.report import say_error

    if isinstance(error, WindlassError):
        say_error(error.message, error.hint)
