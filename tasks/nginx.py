"""The nginx site: what it should be, and putting it in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fabric import task

from tasks.chosen import chosen_config, templates

if TYPE_CHECKING:
    from invoke.context import Context

    from windlass.question import Question

HELP = {
    "app": "the app (default: windlass.app of fabric.yaml, else the only one)",
    "target": "the hosts of this target, where -H names none",
    "json": "one JSON object a line",
}


@task(help={**HELP, "dry-run": "print the commands instead of running them"})
def install(
    ctx: Context, dry_run: bool = False, app: str | None = None, target: str | None = None, json: bool = False
) -> None:
    """Install the nginx site: compare, test, reload; needs root or sudo."""
    from invoke.exceptions import Exit

    from tasks.runbook import print_plan
    from tasks.visiting import crew, run
    from windlass.facts import nginx as facts
    from windlass.plans import nginx as plans
    from windlass.runner import each

    config = chosen_config(ctx, app)
    with crew(
        ctx, config, "nginx.install", target=target, mode="unlocked", aside=dry_run, json=json
    ) as hosts:
        asked: list[Question[Any]] = [facts.nginx(config), facts.rights(config)]
        answers = each(hosts.hosts, lambda host: host.visit.ask(*asked))
        built = [
            plans.install(config, found["nginx"], found["nginx_rights"], folders=templates())
            for found in answers
        ]
        code = 0
        if dry_run:
            for host, plan in zip(hosts.hosts, built, strict=True):
                print_plan(host.name, plan)
        else:
            code = run(hosts, built)
    if code:
        raise Exit(code=code)


@task(help={"app": HELP["app"], "ipv4-only": "leave out the listen lines for IPv6"})
def show(ctx: Context, app: str | None = None, ipv4_only: bool = False) -> None:
    """Print the nginx site that the config and the template give."""
    from windlass.plans.texts import site

    print(site(chosen_config(ctx, app), ipv6=not ipv4_only, folders=templates()).text, end="")
