"""The configuration: is it right, what may it hold, what does it say."""

from __future__ import annotations

from windlass import operations
from windlass.cli.call import Call
from windlass.cli.command import APP, HOSTS, command
from windlass.config.folders import folder_of_configs


@command(
    HOSTS,
    connects=False,
    app="the app whose file is checked (default: all of them)",
    target="look also whether this target's hosts are ready for a deploy; -H does the same",
)
def check(call: Call) -> None:
    """Check the configuration files and, with -H or --target, the servers."""
    call.end(operations.config_check(folder_of_configs(), call.app))
    if call.target or call.hosts:
        call.run(operations.config_check_hosts)


@command()
def schema(call: Call) -> None:
    """Print the JSON schema of a configuration file, for editors."""
    call.end(operations.config_schema())


@command((*APP, "json"), json="as JSON")
def show(call: Call) -> None:
    """Print the configuration with every default filled in."""
    call.end(operations.config_show(call.config(), json=call.json))
