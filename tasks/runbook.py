"""What deploy and rollback would run, without running it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .chosen import branch_of, checked_ref, chosen_config
from .options import HELP, task

if TYPE_CHECKING:
    from invoke.context import Context


@task(
    help={
        "rollback": "what fab rollback would run, instead of fab deploy",
        "revision": "branch, tag or commit to deploy (default: the target's branch, else the app's)",
        "app": HELP["app"],
        "target": HELP["target"],
    }
)
def runbook(
    ctx: Context,
    rollback: bool = False,
    revision: str | None = None,
    app: str | None = None,
    target: str | None = None,
) -> None:
    """Print what deploy or rollback would run, step by step, fit to be typed by hand."""
    from windlass.errors import UsageError
    from windlass.plans.deploy import Options
    from windlass.remote.opening import Entry

    from .deploy import deploy_to
    from .rollback import roll_back
    from .visiting import crew

    if rollback and revision:
        raise UsageError(
            "--rollback goes to a kept release, --revision to a new one; nothing was touched",
            hint="fab rollback --commit C --dry-run prints the way to a named commit",
        )
    config = chosen_config(ctx, app)
    if rollback:
        with crew(
            ctx, config, "runbook --rollback", target=target, entry=Entry("unlocked"), aside=True
        ) as hosts:
            roll_back(hosts, None, stable=False, dry_run=True, json=False)
        return
    named = checked_ref(revision) if revision is not None else None
    with crew(ctx, config, "runbook", target=target, aside=True) as hosts:
        deploy_to(hosts, named or branch_of(config, hosts.target), Options(), dry_run=True, json=False)
