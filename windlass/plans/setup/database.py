"""PostgreSQL of the server's own for the app, on request."""

from __future__ import annotations

from windlass.commands import database as commands
from windlass.config.model import Config
from windlass.facts.postgres import Database
from windlass.facts.services import Services
from windlass.plan import Step
from windlass.shell import cmd


def steps(config: Config, database: Database, services: Services) -> tuple[Step, ...]:
    """PostgreSQL runs; the role and the database that `.env` names are there, as is a URL that names them."""
    variable = config.database.url
    provide = commands.provide(config.layout, variable, user=config.setup.user, name=name(config))
    unchanged = ""
    if database.elsewhere:
        unchanged = f"{variable} names a database on {database.host}"
    elif database.answers:
        unchanged = f"the one that {variable} names answers"
    up = services.up("postgresql")
    return (
        Step(
            "start PostgreSQL",
            cmd("systemctl", "enable", "--now", "postgresql"),
            unchanged="it runs" if up else "",
        ),
        Step(f"make the database of {variable}", provide, environment=("database",), unchanged=unchanged),
    )


def name(config: Config) -> str:
    """What the role and the database are called."""
    return config.app.name.replace("-", "_")
