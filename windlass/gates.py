"""The gates of an app as values: what the agent checks, and what a person would type for it."""

from __future__ import annotations

from collections.abc import Sequence

from windlass.config.model import Config
from windlass.layout import Layout, Slot
from windlass.manifest import Manifest
from windlass.plan import Gate
from windlass.shell import Command, all_of, cmd
from windlass.supervisors import supervisor
from windlass.supervisors.telling import occupants, ports_of, watched

NGINX_IDLE = 2.5
"""Seconds after which nginx has closed a connection to a slot that nobody uses: two, says the template."""

NGINX_TIMEOUT = 10
"""Seconds that nginx has to show the new slot after the flag was moved."""


def healthy(
    config: Config,
    layout: Layout,
    slot: Slot,
    release: str,
    revision: str,
    *,
    known: bool,
    standby: bool = False,
) -> Gate:
    """The slot's own process answers well, for a shorter time where the release is `known` from earlier.

    For how long a `standby` has run counts: it went through the gate when it was started.
    """
    health = config.health
    min_healthy = health.min_healthy_known if known else health.min_healthy
    arguments = {
        **_app(config, layout, slot, release),
        "start_timeout": health.start_timeout,
        "min_healthy": min_healthy,
        "standby": standby,
        "revision_key": health.revision,
        "revision": revision,
    }
    return Gate("healthy", arguments, _ask_each(config, slot, release, min_healthy))


def alive(config: Config, slot: Slot, processes: Sequence[str], *, known: bool) -> Gate:
    """These processes of a slot, by their names, stay up for as long as its web process must.

    For longer than one lingers that has thrown at its start, unless they were well before.
    """
    health, keeper = config.health, supervisor(config)
    min_healthy = health.min_healthy_known if known else max(health.min_healthy, keeper.LINGERS)
    look = [keeper.look(config, slot, name).commented("up, and no restarts") for name in processes]
    return Gate(
        "alive",
        {"processes": watched(config, slot, processes), "slot": slot, "min_healthy": min_healthy},
        all_of(cmd("sleep", f"{min_healthy:g}"), *look),
    )


def listens(config: Config, slot: Slot, release: str, there: Manifest | None = None) -> Gate:
    """The slot's own processes are there, as its manifest has them, unless the app is stopped."""
    layout = config.layout
    arguments = {
        **occupants(config, slot, there),
        "cwd": str(layout.release_app(release)),
        "slot": slot,
        "seconds": config.health.start_timeout,
        "unless": str(layout.stopped),
    }
    ports = ports_of(config, slot, there)
    who = cmd("ss", "--no-header", "--listening", "--tcp", "--numeric", "--processes", *_source(ports))
    look = Command(f"{who} | grep --quiet .").commented(f"a process in {layout.release_app(release)}")
    return Gate("listens", arguments, look)


def through_nginx(config: Config, slot: Slot, *, ahead: bool = False) -> Gate:
    """Visitors are answered by this slot; `ahead`: they would be, were it live."""
    nginx, name = config.nginx, config.nginx.probe_name
    port = nginx.listen_tls if nginx.tls else nginx.listen
    expected = upstreams(config, slot)
    arguments = {
        "address": "127.0.0.1",
        "port": port,
        "tls": nginx.tls,
        "server_name": name,
        "path": config.health.path,
        "status": config.health.status,
        "expected_upstreams": expected,
        "timeout": NGINX_TIMEOUT,
        **({"slot": slot} if ahead else {}),
    }
    where = ["--header", f"Host: {name}", f"http://127.0.0.1:{port}{config.health.path}"]
    if nginx.tls:
        resolve = f"{name}:{port}:127.0.0.1"
        where = ["--insecure", "--resolve", resolve, f"https://{name}:{port}{config.health.path}"]
    chosen = ["--header", f"X-Windlass-Slot: {slot}"] if ahead else []
    ask = cmd(*_curl(config), "--dump-header", "-", "--header", "X-Windlass-Probe: 1", *chosen, *where)
    # Several addresses are tries, the last of them the one that answered.
    tries = f"^X-Windlass-Upstream: {expected[0]}" if len(expected) == 1 else _last_of(expected)
    look = cmd("grep", "--ignore-case", *(["--extended-regexp"] if len(expected) > 1 else []), tries)
    return Gate("answers_through_nginx", arguments, Command(f"{ask} | {look}"))


def soak(config: Config, slot: Slot, release: str, processes: Sequence[str] = ()) -> Gate:
    """The release stays up, its other `processes` too, and gives visitors no more errors than was usual."""
    settings, log = config.soak, config.nginx.access_log
    arguments = {
        **_app(config, config.layout, slot, release),
        "processes": watched(config, slot, processes),
        "seconds": settings.seconds,
        "access_log": log,
        "nginx": through_nginx(config, slot).arguments,
        "expected_upstreams": upstreams(config, slot),
        "max_errors_percent": settings.max_errors_percent,
        "min_errors": settings.min_errors,
    }
    follow = cmd("timeout", f"{settings.seconds:g}", "tail", "--lines=0", "--follow=name", log)
    known = upstreams(config, slot)
    failed = '"status":"5[0-9][0-9]".*"upstream_addr":"'
    errors = cmd("grep", *(["-E", f"{failed}({'|'.join(known)})"] if len(known) > 1 else [failed + known[0]]))
    describe = [supervisor(config).look(config, slot, name) for name in config.web_names(slot)]
    return Gate(
        "soak",
        arguments,
        all_of(
            Command(f"{follow} | {errors} || true").commented(
                "server errors of the new release: few or none"
            ),
            *(one.commented("no restarts") for one in describe),
        ),
    )


def drained(config: Config, slot: Slot, there: Manifest | None = None) -> Gate:
    """Nobody is connected to the slot, as its manifest has it, any more, or `web.drain` seconds have passed.

    It is given the time in which nginx closes what it does not use: a probe of ours may have been among that.
    """
    ports, seconds = ports_of(config, slot, there), max(config.web.drain, NGINX_IDLE)
    look = cmd("ss", "--no-header", "--tcp", "--numeric", "state", "established", *_source(ports))
    wait = f"while {look} | grep --quiet .; do sleep 1; done"
    return Gate(
        "drained",
        {"ports": list(ports), "seconds": seconds},
        cmd("timeout", f"{seconds:g}", "bash", "-c", wait),
    )


def longest(gate: Gate) -> float:
    """Seconds after which the gate has decided, whatever the app does; a step's time-out is not below it."""
    known = gate.arguments
    request = 3 * known.get("request_timeout", 0) * max(1, len(known.get("instances", ())))
    waits = ("start_timeout", "min_healthy", "timeout", "seconds")
    return float(sum(known.get(wait, 0) for wait in waits) + request + 10)


def upstreams(config: Config, slot: Slot) -> list[str]:
    """The addresses of the slot's web processes as nginx names them."""
    return [f"127.0.0.1:{port}" for port in config.ports(slot)]


def _app(config: Config, layout: Layout, slot: Slot, release: str) -> dict[str, object]:
    """What tells the release's own process, and how its health is asked for."""
    return {
        **occupants(config, slot),
        "cwd": str(layout.release_app(release)),
        "slot": slot,
        "path": config.health.path,
        "status": config.health.status,
        "host": config.nginx.probe_name,
        "tls": config.nginx.tls,
        "request_timeout": config.health.timeout,
    }


def _last_of(addresses: Sequence[str]) -> str:
    """A pattern for nginx's header that ends with one of these addresses."""
    return f"^X-Windlass-Upstream: (.*[ ,])?({'|'.join(addresses)})\\s*$"


def _ask_each(config: Config, slot: Slot, release: str, min_healthy: float) -> Command:
    """What a person would type to see whether a slot's web processes are healthy."""
    health, ports = config.health, config.ports(slot)
    tries = str(max(1, int(health.start_timeout)))
    retry = ["--retry", tries, "--retry-delay", "1", "--retry-connrefused"]
    urls = [f"http://127.0.0.1:{port}{health.path}" for port in ports]
    asks = [cmd(*_curl(config), *retry, *_headers(config), url) for url in urls]
    who = cmd("ss", "--no-header", "--listening", "--tcp", "--numeric", "--processes", *_source(ports))
    one = "one process" if len(ports) == 1 else "one process a port"
    return all_of(
        *(ask.commented(f"{health.status} is wanted, and for {min_healthy:g} s on") for ask in asks),
        who.commented(f"{one}, in {config.layout.release_app(release)}: the pid must stay the same"),
    )


def _curl(config: Config) -> list[str]:
    fail = ["--fail"] if config.health.status < 400 else []
    return ["curl", *fail, "--silent", "--show-error", "--max-time", f"{config.health.timeout:g}"]


def _headers(config: Config) -> list[str]:
    scheme = "https" if config.nginx.tls else "http"
    return ["--header", f"Host: {config.nginx.probe_name}", "--header", f"X-Forwarded-Proto: {scheme}"]


def _source(ports: Sequence[int]) -> list[str]:
    """What ss selects by: the sockets whose own end has one of these ports."""
    if len(ports) == 1:
        return ["sport", "=", f":{ports[0]}"]
    return [" or ".join(f"sport = :{port}" for port in ports)]
