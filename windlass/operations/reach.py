"""The app's database from the operator's chair: a prompt on the server, a port of this machine."""

from __future__ import annotations

from windlass.commands.console import console_command
from windlass.errors import ExitCode, NotReady, UsageError, WindlassError
from windlass.facts.database import Place, place
from windlass.operations.crew import onlookers
from windlass.operations.request import Request
from windlass.remote.ssh import Link, Tunnel, connect
from windlass.remote.ssh.tunnel import HERE
from windlass.report import say_error
from windlass.report.jsonl import line
from windlass.tell import tell


def db_console(request: Request) -> int:
    """Become psql on the first host, logged in as the app is; in a pipe it reads SQL. The exit code.

    Raises what connecting raises.
    """
    request.check_database()
    config = request.config
    layout = config.layout
    with _link(request) as link:
        code = link.run_here(console_command(layout.root, layout.env_file, config.database.url))
    return ExitCode.FAILED if code else ExitCode.DONE  # psql has numbers of its own


def db_tunnel(request: Request, port: int = 0) -> int:
    """Forward a port of this machine, 0 for a free one, to the database until Ctrl-C; the exit code.

    Raises UsageError for a number that is no port, NotReady where `.env` names no database.
    """
    if not 0 <= port <= 65535:
        raise UsageError(f"--port {port} is no port; nothing was touched", hint="fab db.tunnel --port 15432")
    request.check_database()
    found = _place(request)
    with _link(request) as link:
        link.give_up_after(30)
        forwarded = Tunnel(link, found.there, port)
        _say(request, link.peer.name, found, forwarded.port)
        try:
            forwarded.serve(_complain)
        except KeyboardInterrupt:
            if not request.json:
                tell("\nthe tunnel is closed")
    return 0


def _link(request: Request) -> Link:
    """A connection to the first host; the operator's agent is lent to no psql."""
    first, *others = request.hosts
    if others:
        tell(
            f"{first.name}: the first of {len(request.hosts)} hosts, which share one database",
            errors=True,
        )
    return connect(first, timeout=request.config.ssh.connect_timeout)


def _place(request: Request) -> Place:
    """Where the app finds its database. Raises NotReady where its `.env` does not say."""
    config = request.config
    found: Place | None = None
    with onlookers(request, "db.tunnel", first_only=True) as hosts:
        for host in hosts.hosts:
            found = host.visit.ask(place())["place"]
    if found is None:
        file, name = config.layout.env_file, config.database.url
        raise NotReady(
            f"{file} has no {name} that names a PostgreSQL", hint="fab env.push FILE puts one there"
        )
    return found


def _say(request: Request, host: str, place: Place, port: int) -> None:
    config = request.config
    url = place.url(HERE, port)
    if request.json:
        tell(line({"host": host, "port": port, "url": url}), end="")
        return
    tell(f"{url} is the database of {config.app.name} on {host}; Ctrl-C closes the tunnel")
    tell(f"the password is that of {config.database.url} in {config.layout.env_file} there")


def _complain(error: Exception) -> None:
    if isinstance(error, WindlassError):
        say_error(error.message, error.hint)
