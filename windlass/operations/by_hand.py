"""What a deploy or a rollback would run, without running it."""

from __future__ import annotations

from dataclasses import replace

from windlass.errors import UsageError
from windlass.operations.crew import crew
from windlass.operations.deployment import deploy_to
from windlass.operations.going_back import roll_back
from windlass.operations.request import Request
from windlass.plans.deploy import Options
from windlass.remote.opening import Entry


def runbook(request: Request, *, rollback: bool = False, revision: str | None = None) -> int:
    """Print every step of a deploy of the revision, or of a rollback, fit to be typed by hand; the exit code.

    Raises UsageError where a revision is named for a rollback, which goes to a kept release.
    """
    if rollback and revision:
        raise UsageError(
            "--rollback goes to a kept release, --revision to a new one; nothing was touched",
            hint="fab rollback --commit C --dry-run prints the way to a named commit",
        )
    request = replace(request, dry_run=True)
    if rollback:
        with crew(request, "runbook --rollback", entry=Entry("unlocked"), aside=True) as hosts:
            return roll_back(hosts)
    ref = request.ref(revision)
    with crew(request, "runbook", aside=True) as hosts:
        return deploy_to(hosts, ref, Options())
