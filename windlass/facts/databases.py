"""The app's database and those beside it: who may make one, what restores kept, how much room there is."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime

from windlass.question import Answer, Question
from windlass.shell import Command, quote

_KEPT = re.compile(r"_before_restore_(\d{8}_\d{6})$")
_LONGEST = 63 - len("_before_restore_20261122_120000")

_QUERY = """\
SELECT json_build_object(
  'name', current_database(),
  'role', current_user,
  'owner', pg_get_userbyid(own.datdba),
  'owns', pg_has_role(own.datdba, 'USAGE'),
  'creates', (SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user),
  'version', current_setting('server_version_num')::int / 10000,
  'size', pg_database_size(own.oid),
  'log', pg_size_bytes(current_setting('max_wal_size')),
  'others', (SELECT coalesce(json_object_agg(datname,
      CASE WHEN has_database_privilege(oid, 'CONNECT') THEN pg_database_size(oid) END), '{}')
    FROM pg_database WHERE oid <> own.oid AND NOT datistemplate AND pg_has_role(datdba, 'USAGE'))
) FROM pg_database AS own WHERE datname = current_database()"""

_ROOM = """\
case ${PGHOST:-/} in
127.*|localhost|::1|/*)
    folder=$(pg_lsclusters --no-header 2>/dev/null | awk -v port="${PGPORT:-5432}" '$3 == port { print $6; exit }')
    df --output=avail --block-size=1 "${folder:-/var/lib/postgresql}" 2>/dev/null | tail -n 1
    ;;
esac"""
"""PostgreSQL tells only administrators where its files are; Debian's own list tells everybody."""


@dataclass(frozen=True)
class Kept:
    """A database of the app's role, such as a restore puts aside; `size` is in bytes, None where it may not ask."""

    name: str
    size: int | None

    @property
    def since(self) -> datetime:
        """When a restore put it aside, by the server's clock. Raises ValueError for any other database."""
        return datetime.strptime(f"{self.name[-15:]} +0000", "%Y%m%d_%H%M%S %z")


@dataclass(frozen=True)
class Databases:
    """The app's database `name`, logged in to as `role`; `owns` and `creates` say whether that may be replaced.

    `version` is PostgreSQL's major one, `size` in bytes, `log` what its write-ahead log may grow to, `free` the
    bytes of the disk that both are on, None where that is another server's. `others` are the role's other
    databases. `problem` says why nothing is known.
    """

    name: str = ""
    role: str = ""
    owner: str = ""
    owns: bool = False
    creates: bool = False
    version: int = 0
    size: int = 0
    log: int = 0
    free: int | None = None
    others: tuple[Kept, ...] = ()
    problem: str = ""

    @property
    def kept(self) -> tuple[Kept, ...]:
        """Those that restores of this database put aside, oldest first."""
        stem = _stem(self.name)
        found = [other for other in self.others if _KEPT.search(other.name)]
        return tuple(other for other in found if _KEPT.sub("", other.name) == stem)

    def kept_as(self, moment: str) -> str:
        """The name under which the present one is kept; `moment` is that of a backup, 20261122-040500."""
        return f"{_stem(self.name)}_before_restore_{moment.replace('-', '_')}"


def question() -> Question[Databases]:
    """Log in as the app does; changes nothing."""
    text = f"""\
if [ -z "${{PGHOST:-}}${{PGDATABASE:-}}" ]; then echo 'no PostgreSQL URL in .env' >&2; exit 45; fi
PGCONNECT_TIMEOUT=5 psql -XAtqw -c {quote(_QUERY)} | tr -d '\\n'
echo
{_ROOM}
"""
    return Question("databases", Command(text), parse, timeout=15, environment=("database",))


def parse(answer: Answer) -> Databases:
    """Never raises for what the server says: what could not be asked has a `problem`."""
    if answer.code:
        lines = [line.removeprefix("psql: error: ") for line in answer.err.splitlines() if line[:1].strip()]
        return Databases(problem=lines[-1] if lines else "no answer in time")
    first, _, room = answer.out.partition("\n")
    found = json.loads(first)
    others = sorted(found.pop("others").items())
    free = int(room) if room.strip().isdigit() else None
    return Databases(**found, free=free, others=tuple(Kept(name, size) for name, size in others))


def _stem(name: str) -> str:
    """What of the name fits: PostgreSQL cuts names at 63 bytes."""
    return name.encode()[:_LONGEST].decode(errors="ignore")
