"""What every command about the database begins with: an app that has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .chosen import chosen_config

if TYPE_CHECKING:
    from invoke.context import Context

    from windlass.config.model import Config


def database_config(ctx: Context, app: str | None) -> Config:
    """The configuration of an app that has a database; raises UsageError for one without."""
    from windlass.errors import UsageError

    config = chosen_config(ctx, app)
    if config.database.kind == "none":
        raise UsageError(
            f"{config.app.name} has no database that Windlass knows of; nothing was touched",
            hint='[database] kind = "prisma" in its configuration says that it has',
        )
    return config
