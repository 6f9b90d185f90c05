"""The configuration: is it right, what may it hold, what does it say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .chosen import chosen_config, folder_of_configs
from .options import task

if TYPE_CHECKING:
    from invoke.context import Context


@task(
    help={
        "app": "the app whose file is checked (default: all of them)",
        "target": "look also whether this target's hosts are ready for a deploy; -H does the same",
    }
)
def check(ctx: Context, app: str | None = None, target: str | None = None) -> None:
    """Check the configuration files and, with -H or --target, the servers."""
    from invoke.exceptions import Exit

    from windlass.errors import ExitCode

    _check_files(app)
    if (target or ctx.config.get("windlass", {}).get("hosts")) and not _check_hosts(ctx, app, target):
        raise Exit(code=ExitCode.FAILED)


def _check_files(app: str | None) -> None:
    """Raise ConfigError with every problem of every file."""
    from windlass.config.files import apps, load
    from windlass.errors import ConfigError

    folder = folder_of_configs()
    broken = []
    for name in [app] if app else apps(folder):
        try:
            load(folder, name)
            print(f"{folder / name}.toml: OK")
        except ConfigError as error:
            broken.append(error)
    if broken:
        hint = broken[0].hint if len(broken) == 1 else "correct the files, then: fab config.check"
        raise ConfigError("\n".join(error.message for error in broken), hint=hint)


def _check_hosts(ctx: Context, app: str | None, target: str | None) -> bool:
    """Say what each host lacks; whether all are ready."""
    from windlass.facts import ground, system
    from windlass.plans.nginx import difference
    from windlass.plans.ready import lacks
    from windlass.remote.runner import each
    from windlass.typed import as_typed

    from .chosen import templates
    from .looking import look_of, questions
    from .onlookers import onlookers

    config = chosen_config(ctx, app)
    figures = system.figures([config.layout.root], config.web.ports, [])
    asked = [*questions(config), ground.question(config), figures]
    ready = True
    with onlookers(ctx, config, "config.check", target=target) as hosts:
        answers = each(hosts.hosts, lambda host: host.visit.ask(*asked))
        for host, found in zip(hosts.hosts, answers, strict=True):
            seen = look_of(config, found)
            listeners = found["system"].listeners if found["system"] else ()
            problems = lacks(config, seen, found["ground"], listeners)
            print(f"{host.name}: {'not ready for a deploy:' if problems else 'ready'}")
            for problem in problems:
                print(f"  {problem}")
            drift = difference(config, seen.nginx, folders=templates()) if seen.nginx.loaded else ""
            if drift:
                print(as_typed(f"  (nginx: {drift}; a deploy goes on all the same: fab nginx.install)"))
            ready = ready and not problems
    return ready


@task
def schema(ctx: Context) -> None:
    """Print the JSON schema of a configuration file, for editors."""
    import json

    from windlass.config.schema import schema as schema_of
    from windlass.packaged import MANUAL

    print(json.dumps(schema_of(MANUAL), indent=2))


@task(help={"app": "the app (default: windlass.app of fabric.yaml, else the only one)", "json": "as JSON"})
def show(ctx: Context, app: str | None = None, json: bool = False) -> None:
    """Print the configuration with every default filled in."""
    from windlass.config.show import as_json, as_toml

    config = chosen_config(ctx, app)
    print(as_json(config) if json else as_toml(config), end="")
