"""A host as an earlier version of Windlass left it, after it had deployed the tiny app's `first` and then `change`.

`frozen/857422c` holds what that commit's own code wrote, with @FIRST@ and @CHANGE@ for the commits: the ledger, both
slots' pm2 files, nginx's site. It knew no manifest, gave pm2 one namespace for both slots, and had a lock that
everybody might open.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from tests.vps.apps.tiny import ROOT, Deployed

WRITTEN = Path(__file__).parents[1] / "frozen/857422c"
TABLES: dict[str, dict[str, Any]] = {
    "processes__jobs": {"script": "worker.mjs", "kill_timeout": 1},
    "processes__jobs__env": {"WORKER_FILE": "/tmp/worker"},
}
"""The other process that it had started too."""

_STARTED = f"""\
cd /
pm2 -s delete all || true
rm -rf {ROOT}/run/* {ROOT}/ledger {ROOT}/releases/*/.windlass-manifest {ROOT}/releases/000[3-9]*
ln -s ../releases/@ID_CHANGE@ {ROOT}/run/slot-blue
ln -sfn releases/@ID_CHANGE@ {ROOT}/current
: >{ROOT}/run/green.off
echo /usr/local/bin >{ROOT}/run/node-path
install -m 644 {ROOT}/incoming/ledger.jsonl {ROOT}/ledger.jsonl
install -m 644 {ROOT}/incoming/blue.config.js {ROOT}/incoming/green.config.js {ROOT}/run/
rm -f {ROOT}/lock
printf '%-2048s' '{{}}' >{ROOT}/lock
chmod 644 {ROOT}/lock
env -i HOME="$HOME" USER="$USER" PATH="$PATH" LANG=C.UTF-8 PM2_HOME="$HOME/.pm2" \\
    pm2 -s start {ROOT}/run/blue.config.js
pm2 -s save --force
rm -r {ROOT}/incoming
"""


def freeze(app: Deployed) -> None:
    """Have a host with the tiny app be as that version left it: files, processes, nginx's site."""
    for file in WRITTEN.iterdir():
        where = "/etc/nginx/conf.d/tiny.conf" if file.name == "site.conf" else f"{ROOT}/incoming/{file.name}"
        app.vps.write(where, _of(app, file.read_text()), owner=None if file.name == "site.conf" else "deploy")
    app.vps.run("nginx -t 2>/dev/null && nginx -s reload")
    app.vps.run(f"bash -euc {shlex.quote(_of(app, _STARTED))}", user="deploy")
    app.wait_until_up()


def _of(app: Deployed, text: str) -> str:
    for number, name in ((1, "first"), (2, "change")):
        commit = app.commits[name]
        text = text.replace(f"@ID_{name.upper()}@", f"{number:04d}-{commit[:7]}")
        text = text.replace(f"@{name.upper()}@", commit)
    return text
