"""Backups with pg_dump, from the app's own database URL, which stays in the environment."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

from windlass.shell import Command, all_of, cmd, quote

SIZE = "SELECT pg_database_size(current_database())"

ROOM = """\
free=$(df --output=avail --block-size=1 . | tail -n 1)
if [ "$free" -lt "$size" ]; then
    echo "no room for a backup: the database takes $((size >> 20)) MiB, and $((free >> 20)) MiB of disk are free" >&2
    exit 1
fi"""


def backup(into: PurePosixPath, *, release: str, why: str) -> Command:
    """Dump the database in the custom format, verify it, and only then give it its name, NAME.dump.

    NAME.json beside it says what it is: `release` was live, `why` it was made. Both are for their owner alone.
    Fails before it writes where the disk has less room than the database takes; a dump waits for no lock longer
    than a minute. Wants the environment "database".
    """
    dump, about = f"{into.name}.partial", f"{into.stem}.json.partial"
    known = json.dumps({"name": into.stem, "release": release, "why": why}).removesuffix("}")
    found = (
        '"version": "%s", "created": "%s", "database": %s, "bytes": %s, "sha256": "%s", "verified": "%s"}\\n'
    )
    values = f'"$version" "$created" "$size" "$(stat -c %s {quote(dump)})" "$sum" "$(date -u +%FT%TZ)"'
    return all_of(
        Command("umask 077"),
        cmd("mkdir", "-p", into.parent),
        cmd("cd", into.parent),
        Command("rm -f ./*.partial"),
        Command(f"found=$(PGCONNECT_TIMEOUT=10 psql -XAtqw -c {quote(SIZE)} -c 'SHOW server_version')"),
        Command('{ read -r size; read -r version _; } <<<"$found"'),
        Command(ROOM),
        Command("created=$(date -u +%FT%TZ)"),
        cmd(
            "pg_dump",
            "--format=custom",
            "--no-password",
            "--lock-wait-timeout=60s",
            "--verbose",
            "--file",
            dump,
        ),
        Command(f"pg_restore --list {quote(dump)} >/dev/null &\nlisting=$!"),
        Command(f"sum=$(sha256sum {quote(dump)} | cut -d ' ' -f 1)"),
        Command('wait "$listing"'),
        Command(f"printf '%s, {found}' {quote(known)} {values} >{quote(about)}"),
        cmd("sync", about),
        cmd("mv", "-T", about, f"{into.stem}.json"),
        cmd("mv", "-T", dump, into.name),
    )
