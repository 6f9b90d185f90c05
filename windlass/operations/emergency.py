"""When it burns: stop the app, show visitors the page, start again."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable

from windlass.errors import ExitCode
from windlass.facts import state
from windlass.operations.crew import Crew, crew
from windlass.operations.looking import look
from windlass.operations.request import Request
from windlass.operations.running import carry_out, run
from windlass.plan import Plan
from windlass.plans import emergency as plans
from windlass.plans.decide import resume as resuming
from windlass.plans.texts import maintenance_page
from windlass.remote.opening import Entry
from windlass.report import say_error


def emergency_stop(request: Request, reason: str = "", *, wait: int = 60) -> int:
    """Show visitors the page at once and stop the app on every host that can be reached; the exit code.

    A deploy that runs has `wait` seconds to end and put things right before it is killed. The hosts that could not
    be reached go on as they were: they are named, and the exit code is that of what needs a person.
    """
    entry = Entry("stop", reason=" ".join(reason.split()), wait=wait)
    with crew(request, "emergency-stop", entry=entry, lenient=True) as hosts:
        code = run(hosts, [plans.stop(request.config, reason) for _ in hosts.hosts])
        for contact in request.config.contacts:
            for host in hosts.hosts[:1]:
                hosts.note(host.name, f"{contact.role}: {contact.contact}")
    for error in hosts.missing.values():
        say_error(error.message, error.hint)
    return max(code, ExitCode.NEEDS_PERSON if hosts.missing else ExitCode.DONE)


def emergency_resume(request: Request) -> int:
    """Start what was live before the stop; the page goes once it is healthy. The exit code.

    Raises NotReady, and Refused where a host is not stopped or had nothing live.
    """
    with crew(request, "emergency-resume", aside=request.dry_run) as hosts:
        seen = dict(zip(hosts.names, look(hosts), strict=True))
        return carry_out(hosts, resuming.decide(request.config, seen, folders=request.folders))


def maintenance_on(request: Request, reason: str = "") -> int:
    """Show visitors the maintenance page, while the app goes on running; the exit code."""
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    why = f"by {getpass.getuser()} at {since}" + (f": {' '.join(reason.split())}" if reason else "")
    page = maintenance_page(request.config, folders=request.folders)
    return _page(request, "maintenance.on", plans.maintenance_on(request.config, page, why))


def maintenance_off(request: Request) -> int:
    """Take the maintenance page down; a warning says where visitors get it all the same. The exit code."""
    return _page(request, "maintenance.off", plans.maintenance_off(request.config), _say_where_not_open)


def _page(
    request: Request, what: str, plan: Plan, afterwards: Callable[[Crew], None] = lambda crew: None
) -> int:
    with crew(request, what) as hosts:
        code = run(hosts, [plan for _ in hosts.hosts])
        afterwards(hosts)
    return code


def _say_where_not_open(crew: Crew) -> None:
    for host in (host for host in crew.hosts if host.lost is None):
        seen = host.visit.ask(state.question(crew.config.layout))["state"]
        if plans.not_open(seen):
            crew.warn(host.name, plans.not_open(seen))
