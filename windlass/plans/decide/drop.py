"""Whether a database can be removed: one that a restore kept, and no other."""

from __future__ import annotations

from windlass.config.model import Config
from windlass.errors import UsageError
from windlass.facts.databases import Databases
from windlass.plans import restore
from windlass.plans.decide.decision import Decision
from windlass.plans.restorable import check_database


def decide(config: Config, host: str, found: Databases, name: str) -> Decision:
    """The plan that removes it. Raises NotReady as `check_database` does, UsageError for any other database."""
    check_database(config, host, found)
    names = [kept.name for kept in found.kept]
    if name not in names:
        raise UsageError(
            f"{host}: no restore of {found.name} kept a database {name} (kept: {', '.join(names) or 'none'}); "
            "nothing was changed",
            hint=f"fab db.backups -H {host}",
        )
    return Decision((restore.drop(config, name),))
