"""SQL that runs whole or not at all, in the app's own database."""

from __future__ import annotations

from collections.abc import Iterable

from windlass.shell import Command, fed

PSQL = "psql --no-psqlrc --no-password --quiet --single-transaction --set ON_ERROR_STOP=1 --file -"


def in_one_transaction(
    statements: Iterable[str], *, before: str = "", after: str, lock_timeout: float
) -> Command:
    """Run foreign statements between two texts of one's own. Wants the environment "database".

    Each is run by EXECUTE, in which PostgreSQL refuses whatever would end the transaction or wants none, and psql
    does not look for commands of its own. `lock_timeout` is in seconds.
    """
    lines = [
        f"SET LOCAL lock_timeout = '{int(lock_timeout * 1000)}ms';",
        before,
        *(executed(statement) for statement in statements),
        after,
    ]
    return fed(Command(PSQL), "\n".join(filter(None, lines)))


def executed(statement: str) -> str:
    """The statement as one that PostgreSQL runs inside the present transaction, or refuses."""
    inner, outer = _tag(statement, "sql"), _tag(statement, "windlass")
    return f"DO {outer} BEGIN EXECUTE {inner}{statement}{inner}; END {outer};"


def _tag(text: str, name: str) -> str:
    """A dollar quote that the text does not hold."""
    while f"${name}$" in f"{text}$":
        name += "_"
    return f"${name}$"
