"""The pending migrations, tried on a copy of the database."""

from __future__ import annotations

from dataclasses import replace

from windlass.facts import databases
from windlass.operations.crew import crew
from windlass.operations.looking import look_and_fetch
from windlass.operations.request import Request
from windlass.operations.running import carry_out
from windlass.plans.decide import rehearse as decision
from windlass.plans.decide.rehearse import Seen, pending


def db_rehearse(request: Request, revision: str | None = None) -> int:
    """Try a revision's pending migrations, and the way back, on a copy of the first host's database; the exit code.

    The revision is by default the request's branch. Raises UsageError for one that is not there, NotReady where the
    server lacks anything or no copy can be made, StepFailed where the fetch fails.
    """
    request.check_database()
    ref = request.ref(revision)
    what = "db.rehearse --dry-run" if request.dry_run else "db.rehearse"
    with crew(request, what, aside=request.dry_run, first_only=True) as hosts:
        (host,) = hosts.hosts
        ((look, found),) = look_and_fetch(hosts, ref)
        seen = Seen(host.name, look, found)
        if pending(seen):
            seen = replace(seen, databases=host.visit.ask(databases.question())["databases"])
        return carry_out(hosts, decision.decide(request.config, ref, seen))
