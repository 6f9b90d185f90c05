"""Whether the app's database answered."""

from __future__ import annotations

from windlass.config.model import Config
from windlass.errors import NotReady


def check_reachable(config: Config, host: str, problem: str) -> None:
    """Raise NotReady for any problem that asking the database had."""
    if problem:
        raise NotReady(
            f"{host}: the database did not answer ({problem}); nothing was changed",
            hint=f"is it up, and is {config.database.url} in {config.layout.env_file} right? "
            f"fab db.status -H {host} asks again",
        )
