"""What the options that every task knows stand for: the app's configuration and the hosts.

Imports are inside the functions: `fab --list` waits for none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from invoke.context import Context

    from windlass.address import HostSpec
    from windlass.config.model import Config


def folder_of_configs() -> Path:
    from windlass.config.folders import config_folder
    from windlass.packaged import CHECKOUT

    return config_folder(CHECKOUT)


def chosen_app(ctx: Context, app: str | None) -> str | None:
    """`--app`, else `windlass.app` of fabric.yaml, else None."""
    default: str | None = ctx.config.get("windlass", {}).get("app")
    return app or default


def chosen_config(ctx: Context, app: str | None) -> Config:
    """The configuration of the chosen app; raises UsageError and ConfigError."""
    from windlass.config.files import load

    return load(folder_of_configs(), chosen_app(ctx, app))


def chosen_hosts(ctx: Context, config: Config, target: str | None) -> tuple[list[HostSpec], str | None]:
    """The hosts of `-H`, else of the target, and the target's name; raises UsageError."""
    from windlass.remote.hosts import resolve_hosts

    return resolve_hosts(config, ctx.config.get("windlass", {}).get("hosts"), target)


def templates() -> list[Path]:
    """The folders whose templates win over those that come with Windlass: `templates` beside the config files."""
    own = folder_of_configs() / "templates"
    return [own] if own.is_dir() else []


def checked_ref(ref: str) -> str:
    """The branch, tag or commit as typed. Raises UsageError for what cannot be one."""
    from windlass.config.fields import check_ref
    from windlass.errors import UsageError

    try:
        return check_ref(ref)
    except ValueError as error:
        hint = "name a branch, a tag, or a commit by at least seven of its hexadecimal digits"
        raise UsageError(f"{error}; nothing was touched", hint=hint) from None


def branch_of(config: Config, target: str | None) -> str:
    """The branch that a target deploys: its own, else the app's."""
    own = config.targets[target].branch if target else None
    return own or config.app.branch
