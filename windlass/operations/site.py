"""The nginx site: what it should be, and putting it in place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from windlass.config.model import Config
from windlass.errors import UsageError
from windlass.facts import nginx as facts
from windlass.operations.crew import crew
from windlass.operations.request import Request
from windlass.operations.running import run_or_print
from windlass.plans import nginx as plans
from windlass.plans.texts import site
from windlass.remote.opening import Entry
from windlass.tell import tell


def nginx_install(request: Request) -> int:
    """Install the nginx site on each host, which needs root or sudo: compare, test, reload; the exit code.

    Raises NotReady where nginx is missing or broken already, Refused where this user may not, ConfigError for a
    template that does not render.
    """
    config = request.config
    with crew(request, "nginx.install", entry=Entry("unlocked"), aside=request.dry_run) as hosts:
        built = [
            plans.install(config, found["nginx"], found["nginx_rights"], folders=request.folders)
            for found in hosts.ask(facts.nginx(config), facts.rights(config))
        ]
        return run_or_print(hosts, built)


def nginx_show(
    config: Config, folders: Sequence[Path] = (), *, ipv4_only: bool = False, cpus: int = 0
) -> int:
    """Print the nginx site that the config and the template give; `folders` hold templates that win.

    `ipv4_only` leaves out the listen lines for IPv6, `cpus` are the host's cores. Raises ConfigError for a template
    that does not render, UsageError where the cores decide and are not given.
    """
    if config.web.instances == "cpus":
        if cpus < 1:
            raise UsageError(
                '[web] instances is "cpus", so the site depends on the host\'s cores; nothing was touched',
                hint="fab nginx.show --cpus N, as `nproc` says on the host; fab nginx.install counts them itself",
            )
        config = config.counted(cpus)
    tell(site(config, ipv6=not ipv4_only, folders=folders).text, end="")
    return 0
