"""The configuration: is it right, what may it hold, what does it say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fabric import task

from tasks.chosen import MANUAL, chosen_config, folder_of_configs

if TYPE_CHECKING:
    from invoke.context import Context


@task(help={"app": "the app whose file is checked (default: all of them)"})
def check(ctx: Context, app: str | None = None) -> None:
    """Check the configuration files; no server is asked."""
    from windlass.config import apps, load
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


@task
def schema(ctx: Context) -> None:
    """Print the JSON schema of a configuration file, for editors."""
    import json

    from windlass.config.schema import schema as schema_of

    print(json.dumps(schema_of(MANUAL), indent=2))


@task(help={"app": "the app (default: windlass.app of fabric.yaml, else the only one)", "json": "as JSON"})
def show(ctx: Context, app: str | None = None, json: bool = False) -> None:
    """Print the configuration with every default filled in."""
    from windlass.config.show import as_json, as_toml

    config = chosen_config(ctx, app)
    print(as_json(config) if json else as_toml(config), end="")
