"""The nginx site: what it should be, and putting it in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .chosen import chosen_config, templates
from .options import APP, HELP, RUN_HELP, task

if TYPE_CHECKING:
    from invoke.context import Context

    from windlass.question import Question


@task(help={**HELP, "dry-run": RUN_HELP["dry-run"]})
def install(
    ctx: Context, dry_run: bool = False, app: str | None = None, target: str | None = None, json: bool = False
) -> None:
    """Install the nginx site: compare, test, reload; needs root or sudo."""
    from invoke.exceptions import Exit

    from windlass.facts import nginx as facts
    from windlass.plans import nginx as plans
    from windlass.remote.opening import Entry
    from windlass.remote.runner import each

    from .printing import run_or_print
    from .visiting import crew

    config = chosen_config(ctx, app)
    with crew(
        ctx, config, "nginx.install", target=target, entry=Entry("unlocked"), aside=dry_run, json=json
    ) as hosts:
        asked: list[Question[Any]] = [facts.nginx(config), facts.rights(config)]
        answers = each(hosts.hosts, lambda host: host.visit.ask(*asked))
        built = [
            plans.install(config, found["nginx"], found["nginx_rights"], folders=templates())
            for found in answers
        ]
        code = run_or_print(hosts, built, dry_run=dry_run)
    if code:
        raise Exit(code=code)


@task(help={**APP, "ipv4-only": "leave out the listen lines for IPv6"})
def show(ctx: Context, app: str | None = None, ipv4_only: bool = False) -> None:
    """Print the nginx site that the config and the template give."""
    from windlass.plans.texts import site

    print(site(chosen_config(ctx, app), ipv6=not ipv4_only, folders=templates()).text, end="")
