"""One database in the place of another, by renaming both in one transaction."""

from __future__ import annotations

from pathlib import PurePosixPath

from windlass.commands.scratch import PSQL, STAND
from windlass.shell import Command, all_of, cmd, fed, quote

_INHERIT = """\
\\o /dev/null
SELECT format('ALTER DATABASE %I SET %s TO %s', :'scratch', name,
    CASE WHEN name IN ('search_path', 'temp_tablespaces', 'local_preload_libraries', 'session_preload_libraries')
        THEN value ELSE quote_literal(value) END)
FROM pg_db_role_setting JOIN pg_database AS own ON own.oid = setdatabase, unnest(setconfig) AS setting,
    LATERAL (SELECT split_part(setting, '=', 1), substr(setting, strpos(setting, '=') + 1)) AS pair (name, value)
WHERE datname = :'database' AND setrole = 0 \\gexec
SELECT format('ALTER DATABASE %I CONNECTION LIMIT %s', :'scratch', datconnlimit)
FROM pg_database WHERE datname = :'database' AND datconnlimit >= 0 \\gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'scratch')
FROM pg_database WHERE datname = :'database' AND datacl IS NOT NULL \\gexec
SELECT format('GRANT %s ON DATABASE %I TO %s', privilege_type, :'scratch',
    CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
FROM pg_database, aclexplode(datacl) WHERE datname = :'database' \\gexec
SELECT format('COMMENT ON DATABASE %I IS %L', :'scratch', shobj_description(oid, 'pg_database'))
FROM pg_database WHERE datname = :'database' AND shobj_description(oid, 'pg_database') IS NOT NULL \\gexec
"""

_SWAP = """\
BEGIN;
SET LOCAL lock_timeout = '20s';
ALTER DATABASE :"database" RENAME TO :"kept";
ALTER DATABASE :"incoming" RENAME TO :"database";
COMMIT;
"""

_END_OWN = """\
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname IN (:'database', :'incoming') AND pid <> pg_backend_pid() AND pg_has_role(usesysid, 'MEMBER');
"""

_OTHERS = """\
SELECT format('%s is connected to %s (pid %s): an administrator ends that with SELECT pg_terminate_backend(%s)',
    coalesce(usename, 'somebody'), datname, pid, pid)
FROM pg_stat_activity WHERE datname IN (:'database', :'incoming') AND NOT pg_has_role(usesysid, 'MEMBER');
"""

_VARIABLES = '-v database="$database" -v incoming="$incoming" -v kept="$kept"'


def verify(dump: PurePosixPath, sha256: str) -> Command:
    """Fail unless the file is the one that was verified when it was made, and a dump; `sha256` "" where unknown."""
    check = f"echo {quote(f'{sha256}  {dump.name}')} | sha256sum --check --status" if sha256 else ""
    return all_of(
        cmd("cd", dump.parent),
        Command(
            f"if ! {check}; then\n"
            f"    echo {quote(f'{dump.name} is not what it was when it was made')} >&2\n"
            "    exit 1\n"
            "fi"
            if check
            else ""
        ),
        Command(f"pg_restore --list {quote(dump.name)} >/dev/null"),
    )


def inherit() -> Command:
    """Give the scratch database what belongs to a database and is in no dump: settings, rights, limit, comment."""
    sql = fed(Command(f'{PSQL} -v database="$database" -v scratch="$scratch"'), _INHERIT)
    return all_of(Command(STAND), sql)


def undisturbed(incoming: str = "") -> Command:
    """Fail, and say who it is, where somebody is connected whom the app's role may not end."""
    chosen = quote(incoming) if incoming else '"$scratch"'
    text = (
        f"incoming={chosen}\n"
        f"""others=$({PSQL} -v database="$database" -v incoming="$incoming" <<'END'\n{_OTHERS}END\n)\n"""
        'if [ -n "$others" ]; then\n'
        """    printf '%s\\n' "$others" >&2\n"""
        "    exit 1\n"
        "fi"
    )
    return all_of(Command(STAND), Command(text))


def swap(kept: str, *, incoming: str = "", mark: PurePosixPath | None = None) -> Command:
    """Name the app's database `kept`, and `incoming` (the scratch database if "") as the app's: both, or neither.

    The rename bars new connections from its beginning and waits five seconds for the present ones to end, so
    those of the app's own role are ended meanwhile. Writes the file `mark` once it is done.
    """
    chosen = quote(incoming) if incoming else '"$scratch"'
    text = (
        f"kept={quote(kept)} incoming={chosen}\n"
        f"{PSQL} {_VARIABLES} <<'END' &\n{_SWAP}END\n"
        "swapping=$!\n"
        'while kill -0 "$swapping" 2>/dev/null; do\n'
        f"    {PSQL} {_VARIABLES} <<'END' >/dev/null || true\n{_END_OWN}END\n"
        "    sleep 0.1\n"
        "done\n"
        'if ! wait "$swapping"; then\n'
        f"    {PSQL} {_VARIABLES} <<'END' >&2 || true\n{_OTHERS}END\n"
        "    exit 1\n"
        "fi"
    )
    return all_of(Command(STAND), Command(text), Command(f": >{quote(mark)}") if mark else Command(""))


def drop(name: str) -> Command:
    """Drop a database that was kept, whoever of the app's own role is connected to it."""
    end = _END_OWN.replace(", :'incoming'", "")
    sql = f'\\o /dev/null\n{end}DROP DATABASE :"database";\n'
    return all_of(Command(STAND), fed(Command(f"{PSQL} -v database={quote(name)}"), sql))
