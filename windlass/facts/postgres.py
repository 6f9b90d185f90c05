"""Whether the database that `.env` names answers."""

from __future__ import annotations

from dataclasses import dataclass

from windlass.question import Answer, Question
from windlass.shell import Command

LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Database:
    """`host` is what the URL names, "" where `.env` has no URL of PostgreSQL."""

    host: str
    answers: bool

    @property
    def elsewhere(self) -> bool:
        """Whether it is another server's."""
        return bool(self.host) and self.host not in LOCAL and not self.host.startswith("/")


def question() -> Question[Database]:
    """Log in as the app does; needs psql."""
    text = """\
echo "host ${PGHOST:-}"
if [ -n "${PGHOST:-}" ] && PGCONNECT_TIMEOUT=5 psql -XAtwc 'SELECT 1' >/dev/null 2>&1; then echo answers; fi
"""
    return Question("database", Command(text), parse, environment=("database",))


def parse(answer: Answer) -> Database:
    lines = answer.out.splitlines()
    host = next((line.removeprefix("host ").strip() for line in lines if line.startswith("host ")), "")
    return Database(host, "answers" in lines)
