"""One change of a database at a time, from whichever host: a lock in PostgreSQL that a run holds."""

from __future__ import annotations

from windlass.agent.hold import BY, HELD, NONE, UNSEEN
from windlass.commands.scratch import STAND
from windlass.shell import Command

_HOLD = """\
BEGIN;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL tcp_keepalives_idle = 20;
SET LOCAL tcp_keepalives_interval = 5;
SET LOCAL tcp_keepalives_count = 4;
SELECT CASE WHEN pg_try_advisory_xact_lock(hashtext('windlass'), hashtext(:'database')) THEN :'held'
    ELSE :'by' || coalesce((SELECT string_agg(format('%s (pid %s)', application_name, pid), ', ')
        FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = hashtext('windlass')::oid
            AND objid = hashtext(:'database')::oid), 'another run') END;
"""
"""The key is the pair of hashes of "windlass" and the database's name; Prisma's own lock is one number. A
transaction's lock, and not a session's, since a pooler may give the session to somebody else. Of a host that has
died PostgreSQL would hear nothing for two hours."""


def hold() -> Command:
    """Hold the lock until the input ends, and say so; or say who holds it, that there is none, that none answers.

    Wants the environment "database"; without a URL of PostgreSQL there is no lock. It is held beside the database,
    which may be renamed meanwhile. Whoever types it goes on in another terminal; Ctrl-D lets go.
    """
    text = f"""\
if [ -n "${{PGDATABASE:-}}" ]; then
    {STAND.replace(chr(10), chr(10) + "    ")}
    export PGAPPNAME
    PGAPPNAME="${{WINDLASS_RUN:-by hand}} on $(uname -n)"
    {{ cat <<'END'
{_HOLD}END
cat; }} | {{ psql -XAtqw -v ON_ERROR_STOP=1 -v database="$database" \
        -v held={HELD!r} -v by={BY!r} || echo {UNSEEN!r}; }}
else
    echo {NONE!r}
fi"""
    return Command(text).commented("In a terminal of its own: it holds the lock until Ctrl-D.")
