"""The files of backups: copied, removed by name, and what a run that was cut off left."""

from __future__ import annotations

import json
from collections.abc import Iterable

from windlass.layout import Layout
from windlass.shell import Command, all_of, cmd, quote

SEND = (
    "curl --config - --silent --show-error --connect-timeout 15 --speed-time 60 --speed-limit 1024 "
    "--write-out '\\n%{http_code}'"
)


def copy(layout: Layout, name: str, to: str) -> Command:
    """Send a backup to the address in $UPLOAD_URL, which stays off the command line, and note that it is in `to`.

    The store is told the file's MD5, and refuses what arrives as another, and where a file is already. Wants the
    environment "given".
    """
    file, note = f"{name}.dump", f"{name}.copied.json"
    return all_of(
        Command("umask 077"),
        cmd("cd", layout.backups),
        Command(f"digest=$(md5sum {quote(file)} | cut -c 1-32 | sed 's/../\\\\x&/g')"),
        Command('digest=$(printf "$digest" | base64)'),
        Command(
            f'said=$(printf \'url = "%s"\\n\' "$UPLOAD_URL" |\n'
            f'    {SEND} --header "Content-MD5: $digest" --header "If-None-Match: *" \\\n'
            f"    --upload-file {quote(file)})"
        ),
        Command(
            'if [ "${said##*$\'\\n\'}" != 200 ]; then echo "the store refused it: $said" >&2; exit 1; fi'
        ),
        Command(f"echo {quote(json.dumps({'name': name, 'copied': to}))} >{quote(f'{note}.partial')}"),
        cmd("mv", "-T", f"{note}.partial", note),
    )


def remove(layout: Layout, names: Iterable[str]) -> Command:
    """Take backups away; the dump goes first, so that none is there without what is known of it."""
    ends = (".dump", ".json", ".copied.json")
    return all_of(*(cmd("rm", "-f", *(layout.backups / f"{name}{end}" for end in ends)) for name in names))


def sweep(layout: Layout) -> Command:
    """Remove what a backup that did not come to its end left."""
    return Command(f"rm -f {quote(layout.backups)}/*.partial")
