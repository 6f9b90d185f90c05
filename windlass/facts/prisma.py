"""Which migrations the database has, asked by SQL: the prisma CLI costs seconds."""

from __future__ import annotations

from collections.abc import Mapping

from windlass.facts.applied import Applied
from windlass.facts.psql import problem
from windlass.question import Answer, Question
from windlass.shell import Command, quote

_QUERY = "SELECT migration_name, finished_at IS NOT NULL, rolled_back_at IS NOT NULL FROM _prisma_migrations"

_RUNNING = """\
SELECT '>', pid, round(extract(epoch FROM now() - query_start)) FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND objid = 72707369 AND granted AND datname = current_database()"""
"""Prisma holds this advisory lock while it migrates; so does a statement whose prisma was killed."""


def question() -> Question[Applied]:
    """Ask the app's own database, by its own URL; the password stays in the environment."""
    text = f"""\
if [ -z "${{PGHOST:-}}${{PGDATABASE:-}}" ]; then echo 'no PostgreSQL URL in .env' >&2; exit 45; fi
export PGCONNECT_TIMEOUT=5
if [ "$(psql -XAtq -c "SELECT to_regclass('_prisma_migrations') IS NULL")" = t ]; then exit 0; fi
psql -XAtq -F ' ' -c {quote(_QUERY)} -c {quote(_RUNNING)}
"""
    return Question("applied", Command(text), parse, timeout=15, environment=("database",))


def errors() -> Question[Mapping[str, str]]:
    """What each failed migration said when it failed, on one line."""
    query = (
        "SELECT migration_name, translate(left(logs, 300), E'\\n\\r', '  ') FROM _prisma_migrations "
        "WHERE finished_at IS NULL AND rolled_back_at IS NULL AND logs <> ''"
    )
    text = f"PGCONNECT_TIMEOUT=5 psql -XAtqw -F '>' -c {quote(query)} 2>/dev/null || true"
    return Question("errors", Command(text), parse_errors, timeout=15, environment=("database",))


def parse_errors(answer: Answer) -> Mapping[str, str]:
    """Names and texts; the trace of Prisma's own functions is left out."""
    pairs = (line.partition(">") for line in answer.out.splitlines())
    return {name: " ".join(said.partition(" 0: ")[0].split()) for name, _, said in pairs}


def parse(answer: Answer) -> Applied:
    """The rows as psql -At prints them."""
    if answer.code:
        return Applied(problem=problem(answer))
    names, failed, running = set(), set(), ""
    for line in answer.out.splitlines():
        if line.startswith("> "):
            running = line.removeprefix("> ")
            continue
        name, finished, rolled_back = line.rsplit(" ", 2)
        if finished == "t" and rolled_back != "t":
            names.add(name)
        elif rolled_back != "t":
            failed.add(name)
    return Applied(frozenset(names), tuple(sorted(failed - names)), running=running)
