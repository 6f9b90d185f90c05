"""The gates of an app as values: what the agent checks, and what a person would type for it."""

from __future__ import annotations

from collections.abc import Sequence

from windlass.config.model import Config
from windlass.layout import Layout, Slot
from windlass.plan import Gate
from windlass.shell import Command, all_of, cmd
from windlass.supervisors import starting as supervisors
from windlass.supervisors import units
from windlass.supervisors.units import WEB

LINGERS = 4.0
"""Seconds: an ES module that throws ends three seconds later, by a SIGINT of pm2's error handler (docs/traps.md)."""

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
    tries = str(max(1, int(health.start_timeout)))
    retry = ["--retry", tries, "--retry-delay", "1", "--retry-connrefused"]
    ask = cmd(*_curl(config), *retry, *_headers(config), f"http://127.0.0.1:{config.port(slot)}{health.path}")
    who = cmd("ss", "--no-header", "--listening", "--tcp", "--numeric", "--processes", *_source(config, slot))
    return Gate(
        "healthy",
        arguments,
        all_of(
            ask.commented(f"{health.status} is wanted, and for {min_healthy:g} s on"),
            who.commented(f"one process, in {layout.release_app(release)}: the pid must stay the same"),
        ),
    )


def alive(config: Config, slot: Slot, processes: Sequence[str], *, known: bool) -> Gate:
    """These processes of a slot, by their names, stay up for as long as its web process must.

    For longer than pm2 keeps one alive that has thrown at its start, unless they were well before.
    """
    health = config.health
    lingers = LINGERS if config.web.supervisor == "pm2" else 0
    min_healthy = health.min_healthy_known if known else max(health.min_healthy, lingers)
    look = [supervisors.look(config, slot, name).commented("up, and no restarts") for name in processes]
    return Gate(
        "alive",
        {"processes": _watched(config, slot, processes), "slot": slot, "min_healthy": min_healthy},
        all_of(cmd("sleep", f"{min_healthy:g}"), *look),
    )


def listens(config: Config, slot: Slot, release: str) -> Gate:
    """The slot's own process is there, unless the app is stopped."""
    layout = config.layout
    arguments = {
        "port": config.port(slot),
        "cwd": str(layout.release_app(release)),
        "slot": slot,
        **_named(config, slot, WEB),
        "seconds": config.health.start_timeout,
        "unless": str(layout.stopped),
    }
    who = cmd("ss", "--no-header", "--listening", "--tcp", "--numeric", "--processes", *_source(config, slot))
    look = Command(f"{who} | grep --quiet .").commented(f"a process in {layout.release_app(release)}")
    return Gate("listens", arguments, look)


def through_nginx(config: Config, slot: Slot, *, ahead: bool = False) -> Gate:
    """Visitors are answered by this slot; `ahead`: they would be, were it live."""
    nginx, name = config.nginx, config.nginx.probe_name
    port = nginx.listen_tls if nginx.tls else nginx.listen
    expected = upstream(config, slot)
    arguments = {
        "address": "127.0.0.1",
        "port": port,
        "tls": nginx.tls,
        "server_name": name,
        "path": config.health.path,
        "status": config.health.status,
        "expected_upstream": expected,
        "timeout": NGINX_TIMEOUT,
        **({"slot": slot} if ahead else {}),
    }
    where = ["--header", f"Host: {name}", f"http://127.0.0.1:{port}{config.health.path}"]
    if nginx.tls:
        resolve = f"{name}:{port}:127.0.0.1"
        where = ["--insecure", "--resolve", resolve, f"https://{name}:{port}{config.health.path}"]
    chosen = ["--header", f"X-Windlass-Slot: {slot}"] if ahead else []
    ask = cmd(*_curl(config), "--dump-header", "-", "--header", "X-Windlass-Probe: 1", *chosen, *where)
    look = cmd("grep", "--ignore-case", f"^X-Windlass-Upstream: {expected}")
    return Gate("answers_through_nginx", arguments, Command(f"{ask} | {look}"))


def soak(config: Config, slot: Slot, release: str, processes: Sequence[str] = ()) -> Gate:
    """The release stays up, its other `processes` too, and gives visitors no more errors than was usual."""
    settings, log = config.soak, config.nginx.access_log
    arguments = {
        **_app(config, config.layout, slot, release),
        "processes": _watched(config, slot, processes),
        "seconds": settings.seconds,
        "access_log": log,
        "nginx": through_nginx(config, slot).arguments,
        "expected_upstream": upstream(config, slot),
        "max_errors_percent": settings.max_errors_percent,
        "min_errors": settings.min_errors,
    }
    follow = cmd("timeout", f"{settings.seconds:g}", "tail", "--lines=0", "--follow=name", log)
    errors = cmd("grep", '"status":"5[0-9][0-9]".*"upstream_addr":"' + upstream(config, slot))
    describe = supervisors.look(config, slot, config.process_name(slot))
    return Gate(
        "soak",
        arguments,
        all_of(
            Command(f"{follow} | {errors} || true").commented(
                "server errors of the new release: few or none"
            ),
            describe.commented("no restarts"),
        ),
    )


def drained(config: Config, slot: Slot) -> Gate:
    """Nobody is connected to the slot any more, or `web.drain` seconds have passed.

    It is given the time in which nginx closes what it does not use: a probe of ours may have been among that.
    """
    seconds = max(config.web.drain, NGINX_IDLE)
    look = cmd("ss", "--no-header", "--tcp", "--numeric", "state", "established", *_source(config, slot))
    wait = f"while {look} | grep --quiet .; do sleep 1; done"
    return Gate(
        "drained",
        {"port": config.port(slot), "seconds": seconds},
        cmd("timeout", f"{seconds:g}", "bash", "-c", wait),
    )


def longest(gate: Gate) -> float:
    """Seconds after which the gate has decided, whatever the app does; a step's time-out is not below it."""
    known = gate.arguments
    request = 3 * known.get("request_timeout", 0)
    waits = ("start_timeout", "min_healthy", "timeout", "seconds")
    return float(sum(known.get(wait, 0) for wait in waits) + request + 10)


def upstream(config: Config, slot: Slot) -> str:
    """The slot's address as nginx names it."""
    return f"127.0.0.1:{config.port(slot)}"


def pid_files(layout: Layout, name: str) -> list[str]:
    """Globs of a process's pid files, by its pm2 name: pm2 puts its own number into the file's."""
    stem = f"{layout.run}/{name}"
    return [f"{stem}.pid", f"{stem}-[0-9]*.pid"]


def _watched(config: Config, slot: Slot, processes: Sequence[str]) -> dict[str, dict[str, object]]:
    kinds = {config.process_name(slot, kind): kind for kind in config.processes}
    return {
        name: {
            **_named(config, slot, kinds[name]),
            "instances": config.processes[kinds[name]].instances,
        }
        for name in processes
    }


def _named(config: Config, slot: Slot, kind: str) -> dict[str, object]:
    """What tells the processes of a type from all others, whichever supervisor has started the slot."""
    name = config.process_name(slot, "" if kind == WEB else kind)
    scripts = {
        unit: str(config.layout.start_script(kind, slot, number))
        for number, unit in enumerate(units.units(config, slot, kind), 1)
    }
    return {"pid_files": pid_files(config.layout, name), "units": scripts}


def _app(config: Config, layout: Layout, slot: Slot, release: str) -> dict[str, object]:
    """What tells the release's own process, and how its health is asked for."""
    return {
        "port": config.port(slot),
        "cwd": str(layout.release_app(release)),
        "slot": slot,
        **_named(config, slot, WEB),
        "path": config.health.path,
        "status": config.health.status,
        "host": config.nginx.probe_name,
        "tls": config.nginx.tls,
        "request_timeout": config.health.timeout,
    }


def _curl(config: Config) -> list[str]:
    fail = ["--fail"] if config.health.status < 400 else []
    return ["curl", *fail, "--silent", "--show-error", "--max-time", f"{config.health.timeout:g}"]


def _headers(config: Config) -> list[str]:
    scheme = "https" if config.nginx.tls else "http"
    return ["--header", f"Host: {config.nginx.probe_name}", "--header", f"X-Forwarded-Proto: {scheme}"]


def _source(config: Config, slot: Slot) -> list[str]:
    return ["sport", "=", f":{config.port(slot)}"]
