"""The nginx site: what it should be, and putting it in place."""

from __future__ import annotations

from windlass import operations
from windlass.cli.call import Call
from windlass.cli.command import APP, LOOK, command
from windlass.config.folders import folder_of_templates


@command(("dry_run", *LOOK))
def install(call: Call) -> None:
    """Install the nginx site: compare, test, reload; needs root or sudo."""
    call.run(operations.nginx_install)


@command(
    APP,
    ipv4_only="leave out the listen lines for IPv6",
    cpus='the host\'s cores, where [web] instances = "cpus"',
)
def show(call: Call, ipv4_only: bool = False, cpus: int = 0) -> None:
    """Print the nginx site that the config and the template give."""
    call.end(operations.nginx_show(call.config(), folder_of_templates(), ipv4_only=ipv4_only, cpus=cpus))
