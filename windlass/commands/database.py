"""A role and a database of the app's own in the server's PostgreSQL, under a password that nobody else learns."""

from __future__ import annotations

from pathlib import PurePosixPath

from windlass.commands.users import as_user
from windlass.layout import Layout
from windlass.shell import Command, all_of, fed, quote

POSTGRES = "runuser -u postgres -- psql --no-psqlrc --quiet --set ON_ERROR_STOP=1"
ROLES = "SELECT rolname FROM pg_roles"

MAKE = """\
\\set VERBOSITY terse
\\set role `printenv role`
\\set password `printenv password`
\\set database `printenv database`
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
SELECT format('CREATE ROLE %I LOGIN CREATEDB PASSWORD %L', :'role', :'password')
    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \\gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'role')
    WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \\gexec
"""
"""CREATEDB, since a restore goes into a new database that is then swapped in. The log must not have the password."""


def provide(layout: Layout, variable: str, *, user: str, name: str) -> Command:
    """Make the role and the database that the URL in `.env` names; where there is none, write one first.

    For root, with the environment "database". The file is its user's to read and to write, 0600, and keeps its other
    lines; the URL reaches them over a pipe.
    The URL is written before the role is made, so that a run that was cut off can be repeated.
    """
    return all_of(
        Command(
            'if [ -n "${PGUSER:-}" ]; then\n'
            "    role=$PGUSER password=${PGPASSWORD:-} database=${PGDATABASE:-}\n"
            "else\n"
            f"    role={quote(name)} database={quote(name)}\n"
            f"{_write_url(layout.env_file, variable, user, name)}"
            "fi"
        ),
        Command("export role password database"),
        Command("unset PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSSLMODE PGOPTIONS"),
        fed(Command(POSTGRES), MAKE),
    )


def _write_url(file: PurePosixPath, variable: str, user: str, name: str) -> str:
    """Add a URL with a new password to the file; refuse where that would shut somebody else out."""
    has = as_user(user, Command(f"grep -qsE '^\\s*(export\\s+)?{variable}\\s*[=:]' {quote(file)}"))
    add = as_user(user, _add_line(file))
    ask = f"{POSTGRES} --tuples-only --no-align"
    other = (
        f"{file} has a {variable}, and it names no user of PostgreSQL; if it is new, the same command again"
    )
    taken = f"the role {name} is there, and {file} has no {variable}: write its URL there"
    return f"""\
    if {has.text}; then
        echo {quote(other)} >&2
        exit 1
    fi
    if {ask} --command {quote(ROLES)} | grep -xF {quote(name)} >/dev/null; then
        echo {quote(taken)} >&2
        exit 1
    fi
    port=$({ask} --command 'SHOW port')
    password=$(python3 -c 'import secrets; print(secrets.token_hex(24))')
    printf '{variable}="postgresql://%s:%s@127.0.0.1:%s/%s"\\n' "$role" "$password" "$port" "$database" |
        {add.text}
"""


def _add_line(file: PurePosixPath) -> Command:
    """What comes in, behind the lines of the file."""
    incoming = quote(file.with_name(f"{file.name}.setup"))
    return Command(
        f"mkdir -p {quote(file.parent)}; umask 077; "
        f"{{ if [ -e {quote(file)} ]; then sed '$a\\' {quote(file)}; fi; cat; }} >{incoming}; "
        f"mv -T {incoming} {quote(file)}"
    )
