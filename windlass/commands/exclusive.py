"""One change of a database at a time, from whichever host: a lock in PostgreSQL for as long as a step runs."""

from __future__ import annotations

from windlass.commands.scratch import STAND
from windlass.shell import Command, all_of, quote

_HOLD = """\
BEGIN;
SET LOCAL idle_in_transaction_session_timeout = 0;
SELECT CASE WHEN pg_try_advisory_xact_lock(hashtext('windlass'), hashtext(:'database')) THEN 'held'
    ELSE coalesce((SELECT string_agg(format('%s (pid %s)', application_name, pid), ', ')
        FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = hashtext('windlass')::oid
            AND objid = hashtext(:'database')::oid), 'another run') END;
"""
"""The key is the pair of hashes of "windlass" and the database's name; Prisma's own lock is one number. A
transaction's lock, and not a session's, since a pooler may give the session to somebody else."""

_OUTLIVE = ": 'the lock is held until here'"
"""`bash -c` becomes its last command, and the lock would be gone at its beginning."""


def exclusive(what: str, command: Command) -> Command:
    """Run the command unless the database is being changed by another such one: then say which, and fail.

    Wants the environment "database"; without a URL of PostgreSQL, and where nobody answers, there is no lock. It is
    held beside the database, which may be renamed meanwhile, by a psql whose input ends with the step's shell.
    """
    text = f"""\
if [ -n "${{PGDATABASE:-}}" ]; then
coproc windlass_hold {{
{STAND}
export PGAPPNAME
PGAPPNAME={quote(what)}" on $(uname -n)"
{{ cat <<'END'
{_HOLD}END
cat; }} | {{ psql -XAtqw -v ON_ERROR_STOP=1 -v database="$database" || echo unknown; }}
}}
windlass_held=
IFS= read -r -t 60 windlass_held <&"${{windlass_hold[0]}}" || true
case $windlass_held in
    held) ;;
    unknown | '') echo 'whether another host is changing the database could not be seen' ;;
    *)
        echo "the database is being changed by $windlass_held: this can be tried again when that has ended" >&2
        exit 1
        ;;
esac
fi"""
    return all_of(Command(text), command, Command(_OUTLIVE))
