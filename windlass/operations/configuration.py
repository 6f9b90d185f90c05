"""The configuration: is it right, what may it hold, what does it say."""

from __future__ import annotations

import json as jsons
from pathlib import Path

from windlass.clean import one_line
from windlass.config.files import apps, load
from windlass.config.model import Config
from windlass.config.schema import schema
from windlass.config.show import as_json, as_toml
from windlass.errors import ConfigError, ExitCode
from windlass.facts import ground, system
from windlass.operations.crew import onlookers
from windlass.operations.looking import look_of, questions
from windlass.operations.request import Request
from windlass.operations.status_processes import asked_ports
from windlass.packaged import MANUAL
from windlass.plans.nginx import astray, difference, miscounted
from windlass.plans.ready import lacks
from windlass.tell import tell
from windlass.typed import as_typed


def config_check(folder: Path, app: str | None = None) -> int:
    """Say of each app's file in the folder that it is right, or of the one app's.

    Raises ConfigError with every problem of every file, UsageError for a folder or an app that is not there.
    """
    broken = []
    for name in [app] if app else apps(folder):
        try:
            load(folder, name)
            tell(f"{folder / name}.toml: OK")
        except ConfigError as error:
            broken.append(error)
    if broken:
        hint = broken[0].hint if len(broken) == 1 else "correct the files, then: fab config.check"
        raise ConfigError("\n".join(error.message for error in broken), hint=hint)
    return 0


def config_check_hosts(request: Request) -> int:
    """Say what each host lacks for a deploy; changes nothing. The exit code: 1 where one is not ready."""
    config = request.config
    figures = system.figures([config.layout.root], asked_ports(config), [])
    ready = True
    with onlookers(request, "config.check") as hosts:
        answers = hosts.ask(*questions(config), ground.question(config), figures)
        for name, found in zip(hosts.names, answers, strict=True):
            seen = look_of(found)
            listeners = found["system"].listeners if found["system"] else ()
            problems = lacks(config, name, seen, found["ground"], listeners)
            tell(f"{name}: {'not ready for a deploy:' if problems else 'ready'}")
            for problem in problems:
                tell(f"  {one_line(problem)}")
            drift = difference(config, seen.nginx, folders=request.folders) if seen.nginx.loaded else ""
            if drift and not (astray(config, seen.nginx, name) or miscounted(config, seen.nginx, name)):
                tell(
                    as_typed(
                        f"  (nginx: {one_line(drift)}; a deploy goes on all the same: fab nginx.install)"
                    )
                )
            ready = ready and not problems
    return ExitCode.DONE if ready else ExitCode.FAILED


def config_show(config: Config, *, json: bool = False) -> int:
    """Print the configuration with every default filled in, as TOML or as JSON."""
    tell(as_json(config) if json else as_toml(config), end="")
    return 0


def config_schema() -> int:
    """Print the JSON schema of a configuration file, for editors."""
    tell(jsons.dumps(schema(MANUAL), indent=2))
    return 0
