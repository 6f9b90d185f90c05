"""What was typed, what the server lacks, and what others did to it: a clear message, and nothing is harmed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.load import Load
from tests.support.processes import Completed, wait_until
from tests.vps.apps.tiny import REPOSITORY, ROOT, Deployed

STRANGER = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(sys.argv[1].encode())
http.server.HTTPServer(("127.0.0.1", 3001), Answer).serve_forever()
"""
NEIGHBOUR = """
require("node:http").createServer((_, response) => response.end("the neighbour")).listen(4000, "127.0.0.1");
"""


def refused(done: Completed, code: int, *words: str) -> None:
    """The command ended with this code, said this, and showed no traceback."""
    assert done.exit_code == code, str(done)
    for one in words:
        assert one in done.output, f"{one!r} was not said: {done}"
    assert "Traceback" not in done.output, str(done)


def test_what_is_no_name_of_a_revision_reaches_no_server(unharmed: Deployed) -> None:
    before = unharmed.ledger()
    for ref in (
        "--upload-pack=x",
        "-x",
        "; rm -rf ~",
        "$(touch /tmp/owned)",
        "a..b",
        "",
        "main^{/x}",
        "HEAD",
    ):
        done = unharmed.fab("deploy", f"--revision={ref}")
        refused(done, 2, f"{ref!r} is not a branch, tag or commit; nothing was touched")
        assert "connecting" not in done.output
    assert unharmed.ledger() == before
    assert not unharmed.vps.exists("/tmp/owned")


def test_a_revision_that_is_not_there_is_named(unharmed: Deployed) -> None:
    for ref in ("nowhere", "deadbeef" * 5, "refs/heads/nowhere"):
        done = unharmed.fab("deploy", "--revision", ref)
        refused(
            done, 2, f"no branch, tag or commit '{ref}'; nothing was changed", f"git ls-remote {REPOSITORY}"
        )


def test_a_configuration_that_cannot_work_is_refused_before_any_connection(unharmed: Deployed) -> None:
    unharmed.configure(web={"ports": [3000, 3000]}, health={"start_timeout": -1})
    done = unharmed.operator.fab("deploy", "-H", "deploy@nowhere.invalid")
    refused(done, 2, "web.ports: blue and green need two different ports", "nothing was touched")
    unharmed.configure()
    refused(unharmed.operator.fab("deploy"), 2, "-H")


def test_a_server_that_cannot_be_reached_says_why(unharmed: Deployed) -> None:
    fab, subnet = unharmed.operator.fab, unharmed.vps.address.rpartition(".")[0]
    unharmed.configure(ssh={"connect_timeout": 2})
    refused(fab("deploy", "-H", "deploy@nowhere.invalid"), 1, "there is no host named nowhere.invalid")
    refused(fab("deploy", "-H", f"deploy@{subnet}.250"), 1, f"{subnet}.250", "hint:")
    refused(fab("deploy", "-H", f"stranger@{unharmed.vps.address}"), 1, "stranger", "hint:")


def test_an_unknown_or_changed_host_key_is_refused(unharmed: Deployed) -> None:
    operator, address = unharmed.operator, unharmed.vps.address
    operator.known_hosts.write_text("")
    refused(unharmed.fab("deploy"), 1, "is not a known host", f"fab trust -H deploy@{address}")
    operator.know(address, " ".join(operator.public_key.split()[:2]))
    refused(unharmed.fab("deploy"), 1, "HAS CHANGED; nothing was sent to it", str(operator.known_hosts))


def test_another_user_than_the_owner_is_refused(unharmed: Deployed) -> None:
    for task in ("deploy", "rollback", "restart"):
        refused(unharmed.fab(task, user="root"), 1, f"{ROOT} belongs to deploy", "-H deploy@")
    assert not unharmed.vps.exists("/root/.pm2")


def test_a_bashrc_that_prints_does_not_matter(unharmed: Deployed) -> None:
    bashrc = unharmed.vps.read("/home/deploy/.bashrc")
    noise = "echo 'WINDLASS is not what I say'; printf '{\"ev\":\"end\"}\\n\\000\\377'; echo oops >&2\n"
    unharmed.vps.write("/home/deploy/.bashrc", noise + bashrc)
    try:
        done = unharmed.fab("deploy", "--revision", "change").check()
    finally:
        unharmed.vps.write("/home/deploy/.bashrc", bashrc)
    assert "nothing to do" in done.output
    assert "not what I say" not in done.output


def test_a_broken_template_of_ones_own_is_found_before_anything_is_done(unharmed: Deployed) -> None:
    own = unharmed.operator.config_folder / "templates"
    own.mkdir()
    before = unharmed.ledger()
    for text in ("{{ nobody_knows_me }}", "{% if %}"):
        (own / "ecosystem.config.js.j2").write_text(f"module.exports = {{}};\n{text}\n")
        refused(unharmed.deploy("third"), 2, "ecosystem.config.js.j2, line 2", "nothing was changed")
    (own / "ecosystem.config.js.j2").unlink()
    (own / "nginx-site.conf.j2").write_text("{{ nobody_knows_me }}")
    refused(unharmed.fab("nginx.install", user="root"), 2, "nginx-site.conf.j2", "nobody_knows_me")
    assert unharmed.ledger() == before


def test_all_that_a_server_lacks_is_named_at_once_and_nothing_is_touched(ready: Deployed) -> None:
    vps = ready.vps
    tree = "find /srv/tiny /srv/git /home/deploy ! -path '*/.ssh*' -printf '%p %s %T@\\n' | sort"
    moved = ["/usr/local/bin/node", "/usr/local/bin/pm2", "/usr/bin/rsync", "/usr/bin/git"]
    site, env = "/etc/nginx/conf.d/tiny.conf", f"{ROOT}/shared/.env"
    vps.run("".join(f"mv {path} {path}.away\n" for path in [*moved, site, env]))
    vps.run("mv /etc/os-release /etc/os-release.away; echo 'ID=arch' > /etc/os-release; nginx -s reload")
    before = vps.run(tree).stdout
    done = ready.deploy("first")
    lacks = [
        "git: apt-get install git",
        "rsync: apt-get install rsync",
        "node: install it",
        "pm2: npm install -g pm2",
    ]
    refused(done, 1, *lacks, "fab nginx.install -H root@", f"{env}: not there", "no Debian or Ubuntu")
    ready.configure(app={"root": "/opt/tiny"})
    refused(
        ready.deploy("first"), 1, *lacks, "/opt/tiny cannot be made in /opt: as root, install -d -o deploy"
    )
    ready.configure()
    assert vps.run(tree).stdout == before

    vps.run(
        "".join(f"mv {path}.away {path}\n" for path in [*moved, site, env, "/etc/os-release"])
        + "nginx -s reload"
    )
    before = vps.run(tree).stdout
    ready.configure(shared={"required": ["DATABASE_URL", "PLAIN_SECRET", "API_KEY"]})
    refused(ready.deploy("first"), 1, f"DATABASE_URL, API_KEY: add to {env}")
    ready.configure(app={"repository": "/srv/git/nowhere.git"}, shared={"required": ["API_KEY"]})
    refused(
        ready.deploy("first"), 1, "/srv/git/nowhere.git cannot be read from the server", "API_KEY: add to"
    )
    assert vps.run(tree).stdout == before

    ready.configure()
    ready.deploy("first").check()
    assert ready.live() == "first"


@contextmanager
def stranger_on_the_idle_port(app: Deployed, commit: str) -> Iterator[None]:
    """Somebody else's program, which claims to be the release."""
    app.vps.write("/tmp/stranger.py", STRANGER)
    claim = json.dumps({"status": "ok", "commit": app.commits[commit]})
    stranger = app.vps.popen(f"exec python3 /tmp/stranger.py '{claim}'")
    answers = "curl -s http://127.0.0.1:3001/api/health"
    wait_until(lambda: app.vps.run(answers, check=False).stdout == claim, 20, "the stranger does not answer")
    try:
        yield
    finally:
        app.vps.run("pkill -f stranger.py")
        stranger.wait(10)


def test_a_stranger_on_the_port_is_not_taken_for_the_release(unharmed: Deployed) -> None:
    with stranger_on_the_idle_port(unharmed, "third"), Load(unharmed.url, rate=20) as load:
        done = unharmed.deploy("third")
    refused(done, 1, "port 3001 is held by a process of user root", "Visitors saw nothing")
    load.report.check()


def test_somebody_elses_broken_nginx_site_stops_nothing_but_the_install(deployed: Deployed) -> None:
    broken, site = "/etc/nginx/conf.d/neighbour.conf", "/etc/nginx/conf.d/tiny.conf"
    deployed.vps.write(broken, "server { listen 81; nonsense on; }\n")
    with Load(deployed.url, rate=20) as load:
        deployed.deploy("third").check()
        deployed.fab("restart").check()
        deployed.fab("rollback").check()
        before = deployed.vps.read(site)
        deployed.configure(nginx={"retry_after": 77})
        done = deployed.fab("nginx.install", user="root")
    load.report.check()
    refused(done, 1, "broken before anything was changed", broken)
    assert deployed.vps.read(site) == before
    assert deployed.live() == "change"


def test_a_neighbour_survives_the_loss_of_pm2s_daemon(deployed: Deployed) -> None:
    vps = deployed.vps

    def both_run() -> bool:
        neighbour = vps.run("curl -s --max-time 2 http://127.0.0.1:4000/", check=False).stdout
        return neighbour == "the neighbour" and deployed.live() == "third"

    vps.write("/home/deploy/neighbour.js", NEIGHBOUR, owner="deploy")
    # A daemon that systemd does not watch, as one is that a person started.
    vps.run("systemctl stop pm2-deploy")
    vps.run("pm2 -s resurrect; pm2 -s start neighbour.js; pm2 -s save", user="deploy")
    vps.run("kill -KILL $(cat /home/deploy/.pm2/pm2.pid)")
    # The app goes with it, not at the same moment.
    wait_until(lambda: vps.run("ss -Htln 'sport = 3000'").stdout == "", 20, "the app outlives pm2's daemon")
    healed = deployed.deploy("change").check()
    assert "the live release is not well, so it is deployed anew" in healed.output
    deployed.deploy("third").check()
    assert both_run()
    assert deployed.saved() == ["neighbour", "tiny-blue"]

    vps.power_cycle()
    deployed.wait_until_up()
    wait_until(both_run, 20, "one of the two did not come back", interval=0.2)


@contextmanager
def clock_an_hour_ahead(app: Deployed) -> Iterator[None]:
    """Whatever deploy runs over SSH has the wrong time."""
    bashrc = app.vps.read("/home/deploy/.bashrc")
    library = "/usr/$LIB/faketime/libfaketime.so.1"
    wrong = f"export LD_PRELOAD='{library}' FAKETIME=+1h FAKETIME_DISABLE_SHM=1\n"
    app.vps.write("/home/deploy/.bashrc", wrong + bashrc)
    try:
        yield
    finally:
        app.vps.write("/home/deploy/.bashrc", bashrc)


def test_a_torn_ledger_a_clock_an_hour_off_and_a_lost_link_do_not_matter(deployed: Deployed) -> None:
    vps, ledger = deployed.vps, f"{ROOT}/ledger.jsonl"

    def records() -> list[dict[str, Any]]:
        return [json.loads(line) for line in vps.read(ledger).splitlines() if line != '{"event": "sta']

    vps.run(f'printf \'{{"event": "sta\' >> {ledger}; rm {ROOT}/current')
    with clock_an_hour_ahead(deployed):
        deployed.deploy("third").check()
        status = deployed.fab("status").check().stdout
    assert re.search(r"the server's clock is 3(599|60\d) s ahead of", status)
    assert deployed.current() == f"0003-{deployed.commits['third'][:7]}"
    assert [record["event"] for record in records()[-3:]] == ["start", "live", "end"]

    vps.run(f"rm {ROOT}/current")
    deployed.fab("rollback").check()
    assert deployed.live() == "change"
    assert deployed.current() == f"0002-{deployed.commits['change'][:7]}"
    rolled, went_live = records()[-1], records()[-4]
    assert rolled["time"] < went_live["time"], "the clock was ahead, and is right again"
    newest = deployed.fab("history", "--json", "--lines", "1").check().stdout.splitlines()[0]
    assert json.loads(newest)["what"] == "rollback"

    vps.run(f"rm {ROOT}/current")
    assert "nothing to do" in deployed.deploy("change").check().output
    assert deployed.current() == f"0002-{deployed.commits['change'][:7]}"


def test_nginx_install_takes_sudo_where_it_may_and_else_says_who_could(unharmed: Deployed) -> None:
    vps, site = unharmed.vps, "/etc/nginx/conf.d/tiny.conf"
    before = vps.read(site)
    unharmed.configure(nginx={"retry_after": 77})
    wanted = unharmed.fab("nginx.show").check().stdout
    assert wanted != before
    refused(unharmed.fab("nginx.install"), 1, f"may not write {site}", "as root or as a user with sudo")
    assert vps.read(site) == before
    vps.allow_sudo()
    try:
        unharmed.fab("nginx.install").check()
        assert vps.read(site) == wanted
        unharmed.configure()
        unharmed.fab("nginx.install").check()
    finally:
        vps.run("rm /etc/sudoers.d/deploy")
    assert vps.read(site) == before
    assert f"{site} is up to date" in unharmed.fab("nginx.install").check().output
