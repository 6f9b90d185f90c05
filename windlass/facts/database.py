"""How the app's database does, as the app itself may see it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote as percent_encoded

from windlass.facts.psql import problem
from windlass.question import Answer, Question
from windlass.shell import Command, quote

ACTIVITY = """\
SELECT json_build_object(
  'name', current_database(),
  'version', split_part(current_setting('server_version'), ' ', 1),
  'size', pg_database_size(current_database()),
  'limit', current_setting('max_connections')::int,
  'used', (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()),
  'connections', (SELECT coalesce(json_object_agg(state, number), '{}') FROM (
    SELECT coalesce(state, 'unknown') AS state, count(*) AS number FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() GROUP BY 1
  ) AS states),
  'longest', (SELECT row_to_json(longest) FROM (
    SELECT pid, round(extract(epoch FROM clock_timestamp() - query_start)::numeric, 1) AS seconds,
      left(regexp_replace(query, '\\s+', ' ', 'g'), 200) AS query FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND backend_type = 'client backend'
      AND pid <> pg_backend_pid() ORDER BY query_start LIMIT 1
  ) AS longest),
  'waits', (SELECT coalesce(json_agg(waits), '[]') FROM (
    SELECT waiting.pid, round(extract(epoch FROM clock_timestamp() - waiting.query_start)::numeric, 1) AS seconds,
      left(regexp_replace(waiting.query, '\\s+', ' ', 'g'), 200) AS query, holding.pid AS for_pid,
      coalesce(holding.state, 'unknown') AS for_state,
      left(regexp_replace(holding.query, '\\s+', ' ', 'g'), 200) AS for_query
    FROM pg_stat_activity AS waiting, unnest(pg_blocking_pids(waiting.pid)) AS blocker
    JOIN pg_stat_activity AS holding ON holding.pid = blocker
    WHERE waiting.wait_event_type = 'Lock' AND waiting.datname = current_database() ORDER BY waiting.query_start
  ) AS waits)
)"""
"""One row of JSON. Of other users' connections PostgreSQL tells the app neither state nor query."""


@dataclass(frozen=True)
class Query:
    """A statement under way: the server's process and for how many seconds; the text is cut at 200 characters."""

    pid: int
    seconds: float
    query: str


@dataclass(frozen=True)
class Wait:
    """A statement that waits for a lock, and who holds it."""

    pid: int
    seconds: float
    query: str
    for_pid: int
    for_state: str
    for_query: str


@dataclass(frozen=True)
class Database:
    """`connections` are those to this database by state, `used` all of the server's, of which `limit` are allowed.

    `size` is in bytes. `problem` says why nothing is known.
    """

    name: str = ""
    version: str = ""
    size: int = 0
    limit: int = 0
    used: int = 0
    connections: Mapping[str, int] = field(default_factory=dict)
    longest: Query | None = None
    waits: tuple[Wait, ...] = ()
    problem: str = ""


def question() -> Question[Database]:
    """Log in as the app does."""
    text = f"""\
if [ -z "${{PGHOST:-}}${{PGDATABASE:-}}" ]; then echo 'no PostgreSQL URL in .env' >&2; exit 45; fi
PGCONNECT_TIMEOUT=5 psql -XAtqw -c {quote(ACTIVITY)}
"""
    return Question("database", Command(text), parse, timeout=15, environment=("database",))


def parse(answer: Answer) -> Database:
    """Never raises for what the server says: what could not be asked has a `problem`."""
    if answer.code:
        return Database(problem=problem(answer))
    found = json.loads(answer.out)
    longest = found.pop("longest")
    waits = tuple(Wait(**wait) for wait in found.pop("waits"))
    return Database(**found, longest=Query(**longest) if longest else None, waits=waits)


@dataclass(frozen=True)
class Place:
    """Where the app finds its database, as the server sees it; no password. `host` may be a socket's folder."""

    host: str
    port: int
    user: str
    name: str

    @property
    def there(self) -> tuple[str, int] | str:
        """Host and port, or the path of the socket."""
        socket = f"{self.host or '/var/run/postgresql'}/.s.PGSQL.{self.port}"
        return socket if socket.startswith("/") else (self.host, self.port)

    def url(self, host: str, port: int) -> str:
        """The same database at another place."""
        return f"postgresql://{percent_encoded(self.user, safe='')}@{host}:{port}/{percent_encoded(self.name, safe='')}"


def place() -> Question[Place | None]:
    """None where `.env` names no PostgreSQL."""
    names = ("PGHOST", "PGPORT", "PGUSER", "PGDATABASE")
    text = "".join(f"printf '%s\\n' \"${{{name}:-}}\"\n" for name in names)
    return Question("place", Command(text), _parse_place, environment=("database",))


def _parse_place(answer: Answer) -> Place | None:
    host, port, user, name = answer.out.split("\n")[:4]
    return Place(host, int(port or 5432), user, name or user) if host or name else None
