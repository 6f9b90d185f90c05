"""When it burns: stop the app, show visitors the page, start again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .chosen import chosen_config
from .options import HELP, task

if TYPE_CHECKING:
    from collections.abc import Callable

    from invoke.context import Context

    from windlass.config.model import Config
    from windlass.plan import Plan
    from windlass.remote.runner import Host

    from .visiting import Crew


@task(
    name="emergency-stop",
    help={
        **HELP,
        "reason": "why; status and the ledger say it",
        "wait": "seconds that a running deploy has to end and put things right, before it is killed (default: 60)",
    },
)
def emergency_stop(
    ctx: Context,
    reason: str = "",
    wait: int = 60,
    app: str | None = None,
    target: str | None = None,
    json: bool = False,
) -> None:
    """Show visitors the page at once and stop the app, even while a deploy runs."""
    from windlass.plans.emergency import stop
    from windlass.remote.opening import Entry

    from .visiting import crew, run

    config = chosen_config(ctx, app)
    code = 0
    with crew(
        ctx,
        config,
        "emergency-stop",
        target=target,
        entry=Entry("stop", reason=" ".join(reason.split()), wait=wait),
        lenient=True,
        json=json,
    ) as hosts:
        code = run(hosts, [stop(config, reason) for _ in hosts.hosts])
        _print_contacts(hosts)
    _exit(max(code, _tell_missing(hosts)))


@task(name="emergency-resume", help=HELP)
def emergency_resume(
    ctx: Context, app: str | None = None, target: str | None = None, json: bool = False
) -> None:
    """Start what was live before the stop; the page goes once it is healthy."""
    from windlass.errors import Refused
    from windlass.plans.emergency import resume
    from windlass.remote.runner import each

    from .cutover import cutover_to
    from .looking import check_ready, look
    from .visiting import crew, run

    config = chosen_config(ctx, app)
    with crew(ctx, config, "emergency-resume", target=target, json=json) as hosts:
        plans = []
        for host, seen in zip(hosts.hosts, each(hosts.hosts, lambda host: look(config, host)), strict=True):
            check_ready(config, host, seen, building=False)
            live = seen.state.release(seen.state.live)
            if seen.state.stopped is None:
                raise Refused(
                    f"{host.name} is not stopped; nothing was changed", hint=f"fab status -H {host.name}"
                )
            if live is None:
                raise Refused(
                    f"{host.name}: nothing was live before the stop, so there is nothing to resume",
                    hint=f"on the server: rm {config.layout.stopped}, then fab deploy -H {host.name}",
                )
            to = cutover_to(config, seen, live.id, live.revision, known=True, slot=seen.state.slot)
            plans.append(resume(config, to))
        code = run(hosts, plans)
    _exit(code)


@task(name="on", help={**HELP, "reason": "why; status says it"})
def maintenance_on(
    ctx: Context, reason: str = "", app: str | None = None, target: str | None = None, json: bool = False
) -> None:
    """Show visitors the maintenance page; the app goes on running."""
    import getpass
    import time

    from windlass.plans.emergency import maintenance_on
    from windlass.plans.texts import maintenance_page

    from .chosen import templates

    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    why = f"by {getpass.getuser()} at {since}" + (f": {' '.join(reason.split())}" if reason else "")

    def plan(config: Config, host: Host) -> Plan:
        return maintenance_on(config, maintenance_page(config, folders=templates()), why)

    _page(ctx, "maintenance.on", plan, app, target, json)


@task(name="off", help=HELP)
def maintenance_off(
    ctx: Context, app: str | None = None, target: str | None = None, json: bool = False
) -> None:
    """Take the maintenance page down."""
    from windlass.events import Note
    from windlass.facts import state
    from windlass.plans.emergency import maintenance_off, not_open

    def plan(config: Config, host: Host) -> Plan:
        return maintenance_off(config)

    def afterwards(crew: Crew) -> None:
        for host in (host for host in crew.hosts if host.lost is None):
            seen = host.visit.ask(state.question(crew.config.layout, records=0))["state"]
            if not_open(seen):
                crew.report.emit(Note(host.name, not_open(seen), "warning"))

    _page(ctx, "maintenance.off", plan, app, target, json, afterwards)


def _page(
    ctx: Context,
    what: str,
    plan: Callable[[Config, Host], Plan],
    app: str | None,
    target: str | None,
    json: bool,
    afterwards: Callable[[Crew], None] = lambda crew: None,
) -> None:
    from .visiting import crew, run

    config = chosen_config(ctx, app)
    with crew(ctx, config, what, target=target, json=json) as hosts:
        code = run(hosts, [plan(config, host) for host in hosts.hosts])
        afterwards(hosts)
    _exit(code)


def _print_contacts(crew: Crew) -> None:
    from windlass.events import Note

    for contact in crew.config.contacts:
        for host in crew.hosts[:1]:
            crew.report.emit(Note(host.name, f"{contact.role}: {contact.contact}"))


def _tell_missing(crew: Crew) -> int:
    """Say which hosts could not be reached: they go on as they were."""
    from windlass.errors import ExitCode
    from windlass.report import say_error

    for error in crew.missing.values():
        say_error(error.message, error.hint)
    return ExitCode.NEEDS_PERSON if crew.missing else ExitCode.DONE


def _exit(code: int) -> None:
    from invoke.exceptions import Exit

    if code:
        raise Exit(code=code)
