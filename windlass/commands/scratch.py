"""A scratch database beside the app's own: made, filled from a dump, counted, dropped.

All want the environment "database". The scratch database has one name, so whoever comes next finds what a kill left.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from windlass.shell import Command, all_of, fed, quote

PSQL = "psql -XAtqw -v ON_ERROR_STOP=1"

_NAMES = """\
export PGCONNECT_TIMEOUT=10
windlass_own=${windlass_own:-$PGDATABASE}
database=$windlass_own scratch=${windlass_own:0:40}_windlass_scratch"""

STAND = f"""\
{_NAMES}
for PGDATABASE in postgres template1 "$database"; do
    if psql -XAtqwc 'SELECT 1' >/dev/null 2>&1; then break; fi
done"""
"""Neither database can be made, renamed or dropped by who is connected to it: stand in another one.

It may come twice in a step."""

_RECOVERED = """\
for _ in {1..30}; do
    status=0
    pg_isready --quiet || status=$?
    if [ "$status" != 1 ]; then break; fi
    sleep 1
done"""
"""pg_isready ends with 1 where the server is there and lets nobody in yet."""

_MAKE = """\
SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L',
        :'scratch', pg_encoding_to_char(encoding), datcollate, datctype)
    || CASE to_jsonb(own) ->> 'datlocprovider'
        WHEN 'i' THEN format(' LOCALE_PROVIDER icu ICU_LOCALE %L',
            coalesce(to_jsonb(own) ->> 'daticulocale', to_jsonb(own) ->> 'datlocale'))
        WHEN 'b' THEN format(' LOCALE_PROVIDER builtin BUILTIN_LOCALE %L', to_jsonb(own) ->> 'datlocale')
        ELSE '' END
FROM pg_database AS own WHERE datname = :'database' \\gexec
"""
"""Compares and sorts as the app's own does. As JSON, since older servers lack some of the columns."""

_DROP = """\
\\o /dev/null
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = :'scratch'::name AND pg_has_role(usesysid, 'MEMBER');
SELECT format('DROP DATABASE %I', datname) FROM pg_database WHERE datname = :'scratch'::name \\gexec
"""

_UNLESS_ANOTHER_HOST_S = """\
SELECT count(*) > 0 AS elsewhere FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = hashtext('windlass')::oid
    AND objid = hashtext(:'database')::oid AND position(' on ' || left(:'here', 20) IN application_name) = 0 \\gset
\\if :elsewhere
\\q
\\endif
"""
"""A run that holds the lock (see `windlass.commands.exclusive`) may be filling it; its name is cut at 63 characters."""

_COUNT = """\
SELECT format('SELECT count(*) || %L FROM ONLY %I.%I', format(' %I.%I', nspname, relname), nspname, relname)
FROM pg_class JOIN pg_namespace AS space ON space.oid = relnamespace
WHERE relkind = 'r' AND relpersistence <> 't' AND nspname !~ '^pg_' AND nspname <> 'information_schema'
ORDER BY nspname, relname \\gexec
"""

_COUNT_DUMPED = """\
!copying && /^COPY .* FROM stdin;$/ { table = substr($0, 6); sub(/ \\(.*/, "", table); copying = 1; rows = 0; next }
copying && $0 == "\\\\." { print rows " " table; copying = 0; next }
copying { rows++ }"""

_FILL = """\
counting=
trap '[ -z "$counting" ] || kill "$counting" 2>/dev/null || true' EXIT
nice -n 19 pg_restore --data-only --file=- {dump} | LC_ALL=C nice -n 19 awk {count} | LC_ALL=C sort >{rows} &
counting=$!
PGOPTIONS="${{PGOPTIONS:-}} -c synchronous_commit=off" PGDATABASE=$scratch \\
    pg_restore --exit-on-error --no-owner --no-password --verbose --dbname= {dump}
wait "$counting"
counting="""
"""What is not flushed yet, the swap's commit flushes."""

_COMPARE = """\
differing=$(LC_ALL=C comm -23 {dumped} {restored})
if [ -n "$differing" ]; then
    printf 'the dump has rows of a table that are not in the restored database:\\n%s\\n' "$differing" >&2
    exit 1
fi
awk '{{ rows += $1 }} END {{ print NR " tables, " rows + 0 " rows, as in the dump" }}' {dumped}
rm {dumped}"""


def create() -> Command:
    """Make it, empty; what an earlier run left is dropped first."""
    return all_of(Command(STAND), _sql(_DROP), _sql(_MAKE))


def drop() -> Command:
    """Drop it, where it is there; connections of the app's own role are ended."""
    return all_of(Command(STAND), _sql(_DROP))


def sweep() -> Command:
    """As `drop`, and never a failure: what cannot be dropped now is left to the next copy that is made.

    What another host's run may be at work on is left alone. A server that recovers from a crash, as it does after its
    disk was full, is given half a minute.
    """
    text = all_of(Command(STAND.replace("=10", "=5")), _sql(_UNLESS_ANOTHER_HOST_S + _DROP)).text
    return Command(
        'if [ -n "${PGDATABASE:-}" ] && command -v psql >/dev/null; then\n'
        f"(\n{_RECOVERED}\n{text}\n) >/dev/null 2>&1 || true\n"
        "fi"
    )


def fill(dump: PurePosixPath, rows: PurePosixPath) -> Command:
    """Restore the dump into it; everything belongs to the app's role. `rows` gets the number of rows in the dump.

    They are counted while they are restored, on another core where there is one, and never at the restore's cost.
    """
    text = _FILL.format(dump=quote(dump), count=quote(_COUNT_DUMPED), rows=quote(rows))
    return all_of(Command(_NAMES), Command(text))


def compare(dumped: PurePosixPath, restored: PurePosixPath) -> Command:
    """Fail unless each of its tables has as many rows as the dump had; `restored` gets `counts`."""
    return all_of(counts(restored), Command(_COMPARE.format(dumped=quote(dumped), restored=quote(restored))))


def analyze() -> Command:
    """Make the planner's statistics, which no dump holds."""
    quiet = "PGOPTIONS='-c client_min_messages=error'"  # of tables that are an administrator's
    return all_of(Command(_NAMES), Command(f"PGDATABASE=$scratch {quiet} {PSQL} -c ANALYZE"))


def counts(into: PurePosixPath) -> Command:
    """Write the number of rows of each of its tables, as sorted `rows schema.table` lines."""
    ask = f"PGDATABASE=$scratch {PSQL} <<'END' | LC_ALL=C sort >{quote(into)}\n{_COUNT}END"
    return all_of(Command(_NAMES), Command(ask))


def _sql(text: str) -> Command:
    return fed(Command(f'{PSQL} -v database="$database" -v scratch="$scratch" -v here="$(uname -n)"'), text)
