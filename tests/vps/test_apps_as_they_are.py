"""Apps and servers as they come: where node is hidden, what installs, who else lives there."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import run, wait_until
from tests.vps.apps.tiny import REPOSITORY, ROOT, Deployed
from tests.vps.hosts.machine import Vps

Commits = tuple[Path, dict[str, str]]
WORKER_FILE = f"{ROOT}/shared/worker.json"
MANAGERS = {"pnpm": "pnpm@10.18.3", "yarn": "yarn@1.22.22"}
LOCKED = {"pnpm": "Already up to date", "yarn": "yarn install v1.22.22"}
NVM = "/home/deploy/.nvm/versions/node/v22.20.0"

NEIGHBOUR = """\
require("node:http").createServer((request, response) => response.end("the neighbour")).listen(4000, "127.0.0.1");
"""
NEIGHBOURS_SITE = """\
server {
    listen 80;
    server_name neighbour.example;
    location / { proxy_pass http://127.0.0.1:4000; }
}
"""


@pytest.fixture
def app(ready: Deployed) -> Deployed:
    """A host on which nothing was ever deployed."""
    return ready


def online(app: Deployed) -> set[str]:
    """The names of what pm2 runs for deploy, the app's and others'."""
    return {name for name, status in app.pm2().items() if status == "online"}


# Where node is


def hide_node(vps: Vps) -> None:
    """Have node, npm and pm2 only where nvm would have put them."""
    vps.run(
        f"systemctl stop pm2-deploy; mkdir -p {NVM}/bin && cd /usr/local && "
        f"mv bin/node bin/npm bin/npx bin/pm2* {NVM}/bin && mv lib {NVM} && chown -R deploy: /home/deploy/.nvm"
    )


def test_node_is_found_where_nvm_fnm_and_volta_put_it_or_a_key_is_named(app: Deployed) -> None:
    vps = app.vps
    hide_node(vps)
    assert vps.run("command -v node", user="deploy", check=False).exit_code
    app.deploy("first").check()
    assert app.live() == "first"
    app.fab("restart").check()
    running = f"readlink /proc/{app.health()['pid']}/exe"
    assert vps.run(running).stdout.strip() == f"{NVM}/bin/node"

    at = NVM
    for tree in ("/home/deploy/.local/share/fnm/node-versions/v22.20.0/installation", "/home/deploy/.volta"):
        vps.run(f"mkdir -p $(dirname {tree}) && mv {at} {tree}")
        at = tree
        assert f"{tree}/bin:" in app.deploy("change", "--dry-run").check().stdout
    vps.run(f"mv {at} /home/deploy/node")
    seen = app.deploy("change", "--dry-run")
    assert seen.exit_code == 1
    assert "[node] path" in seen.stderr
    app.configure(node={"path": "/home/deploy/node/bin"})
    assert "/home/deploy/node/bin:" in app.deploy("change", "--dry-run").check().stdout


# What the repository is like


def on_the_server(app: Deployed, script: str) -> None:
    """Commit to the repository as a developer would: `script` runs in a checkout of `first`."""
    app.vps.run(
        f"rm -rf ~/checkout && git clone -q -b first {REPOSITORY} ~/checkout && cd ~/checkout && "
        f"git config user.name Ada && git config user.email ada@example.org\n{script}",
        user="deploy",
    )


def test_an_app_may_lie_in_a_subfolder_with_the_lock_file_at_the_top(app: Deployed) -> None:
    top = {"name": "top", "private": True, "workspaces": ["apps/*"]}
    on_the_server(
        app,
        f"""mkdir -p apps/web && git mv *.mjs package*.json src .gitignore apps/web && cp apps/web/.gitignore .
        git rm -qf apps/web/package-lock.json
        git add . && git commit -qm 'Move into a subfolder' && git push -q origin HEAD:refs/heads/subfolder
        echo {shlex.quote(json.dumps(top))} >package.json && npm install --package-lock-only --offline
        git add . && git commit -qm 'A workspace' && git push -q origin HEAD:refs/heads/workspace""",
    )
    app.configure(app={"directory": "apps/web"})
    for branch in ("subfolder", "workspace"):
        done = app.fab("deploy", "--revision", branch).check()
        assert "the first version" in app.page()
        assert Path(f"/proc/{app.health()['pid']}/cwd")
        cwd = app.vps.run(f"readlink /proc/{app.health()['pid']}/cwd").stdout.strip()
        assert cwd == f"{ROOT}/releases/{app.current()}/apps/web"
        assert app.vps.run(f"readlink {ROOT}/current/apps/web/.env").stdout.strip() == f"{ROOT}/shared/.env"
        asset = re.search(r"/assets/\w+\.js", app.page())
        assert asset
        assert app.vps.exists(f"{ROOT}/assets{asset[0]}"), "nginx serves it itself"
    assert app.vps.exists(f"{ROOT}/current/node_modules/tiny")
    assert "Traceback" not in done.output


@pytest.mark.parametrize("manager", ["pnpm", "yarn"])
def test_the_lock_file_chooses_the_package_manager(app: Deployed, manager: str) -> None:
    refused = app.deploy(f"with_{manager}")
    assert refused.exit_code == 1
    assert f"npm install -g {manager}" in refused.stderr
    app.vps.run(f"npm install --global --no-fund {MANAGERS[manager]}", timeout=120)
    done = app.deploy(f"with_{manager}", "--verbose").check()
    assert app.live() == f"with_{manager}"
    assert LOCKED[manager] in done.output


def test_commands_of_the_config_replace_what_would_be_chosen(app: Deployed) -> None:
    app.configure(
        build={
            "install": "mkdir -p node_modules && pwd >node_modules/installed",
            "generate": "echo generated >node_modules/generated",
            "command": 'node build.mjs && echo "$FLAVOUR" | cat node_modules/* - >dist/proof.txt',
            "verify": ["dist/proof.txt"],
        },
        build__env={"FLAVOUR": "lemon & lime"},
        web={"script": "server.mjs", "node_args": ["--max-old-space-size=64"]},
    )
    app.deploy("first").check()
    proof = app.vps.read(f"{ROOT}/current/dist/proof.txt")
    assert proof.split("\n") == ["generated", f"{ROOT}/workspace", "lemon & lime", ""]
    assert '"--max-old-space-size=64"' in app.vps.run("pm2 -s jlist", user="deploy").stdout


# Who may fetch


@pytest.fixture
def private(app: Deployed) -> Deployed:
    """A host whose repository is another user's, reached by SSH."""
    app.vps.run(
        f"useradd --create-home --shell /bin/bash keeper && mv {REPOSITORY} /home/keeper/tiny.git && "
        "chown -R keeper: /home/keeper && chmod 700 /home/keeper"
    )
    app.vps.run("ssh-keyscan -t ed25519 127.0.0.1 >>~/.ssh/known_hosts 2>/dev/null", user="deploy")
    return app


REMOTE = {"repository": "keeper@127.0.0.1:tiny.git"}


def test_a_deploy_key_on_the_server_fetches_a_private_repository(private: Deployed) -> None:
    private.vps.run("ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/tiny_deploy", user="deploy")
    private.configure(app=REMOTE)
    refused = private.deploy("first")
    assert refused.exit_code == 1
    assert "Permission denied" in refused.stderr
    assert "[git] key names a key of the server's" in refused.stderr

    private.configure(app=REMOTE, git={"key": "/home/deploy/.ssh/tiny_deploy"})
    private.vps.authorize(private.vps.read("/home/deploy/.ssh/tiny_deploy.pub"), "keeper")
    private.deploy("first").check()
    assert private.live() == "first"


def test_a_forwarded_agent_fetches_a_private_repository(private: Deployed, tmp_path: Path) -> None:
    operator = private.operator
    key = tmp_path / "for-git"
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]).check()
    private.vps.authorize(key.with_suffix(".pub").read_text(), "keeper")
    started = run(["ssh-agent", "-s", "-a", tmp_path / "agent"]).check().stdout
    operator.environment["SSH_AUTH_SOCK"] = str(tmp_path / "agent")
    try:
        run(["ssh-add", "-q", key], env=operator.environment).check()
        private.configure(app=REMOTE)
        assert private.deploy("first").exit_code == 1, "nobody lends a key unasked"
        private.configure(app=REMOTE, ssh={"forward_agent": True})
        private.deploy("first").check()
        assert private.live() == "first"
        environments = (
            "cat /proc/$(cat ~/.pm2/pm2.pid)/environ ~/.pm2/dump.pm2 | grep -ac SSH_AUTH_SOCK || true"
        )
        assert private.vps.run(environments, user="deploy").stdout.strip() == "0"
    finally:
        agent = re.search(r"SSH_AGENT_PID=(\d+)", started)
        assert agent
        run(["kill", agent[1]]).check()


# Who else lives there


def test_other_apps_of_the_server_stay_untouched(app: Deployed) -> None:
    vps = app.vps
    vps.write("/home/deploy/neighbour/app.js", NEIGHBOUR, owner="deploy")
    vps.write("/etc/nginx/conf.d/neighbour.conf", NEIGHBOURS_SITE)
    vps.run("systemctl reload nginx")
    vps.run("cd neighbour && pm2 start app.js --name neighbour && pm2 save", user="deploy")

    def neighbour() -> tuple[str, str]:
        ask = "curl -s -H 'Host: neighbour.example' http://127.0.0.1/; pm2 pid neighbour"
        answered, _, pid = vps.run(ask, user="deploy").stdout.strip().rpartition("r")
        return answered, pid

    before = neighbour()
    assert before[0] == "the neighbou"
    app.deploy("first").check()
    app.deploy("change").check()
    assert app.deploy("crash_at_start").exit_code == 1
    app.fab("rollback").check()
    app.fab("nginx.install", user="root").check()
    assert neighbour() == before
    assert app.live() == "first"
    assert "neighbour" in app.saved()

    # A daemon that died takes everybody with it: the next command brings everybody back, and forgets nobody.
    vps.run("kill -9 $(cat ~/.pm2/pm2.pid); pkill -9 -u deploy -x node || true", user="deploy")
    app.deploy("third").check()
    assert app.live() == "third"
    assert neighbour()[0] == before[0]
    assert "neighbour" in app.saved()


# Further processes


def worker(app: Deployed) -> dict[str, Any]:
    """What the worker says of itself: commit, pid, cwd, beats."""
    found: dict[str, Any] = json.loads(app.vps.read(WORKER_FILE))
    return found


def workers(app: Deployed) -> list[str]:
    """Every worker that runs, with the release that it runs in."""
    listed = app.vps.run(
        "for pid in $(pgrep -u deploy -f '[w]orker.mjs'); do readlink /proc/$pid/cwd; done", user="deploy"
    )
    return [Path(line).name for line in listed.stdout.splitlines()]


def test_a_worker_follows_the_release_that_visitors_get(app: Deployed) -> None:
    app.configure(
        soak={"seconds": 5},
        processes__worker={"script": "worker.mjs", "kill_timeout": 1},
        processes__worker__env={"WORKER_FILE": WORKER_FILE},
    )
    app.deploy("first").check()
    assert workers(app) == [app.current()]
    app.deploy("change").check()
    assert workers(app) == [app.current()]
    wait_until(lambda: worker(app)["commit"] == app.commits["change"], 5, "the new worker does not work")

    assert app.deploy("crash_at_start").exit_code == 1
    went_back = app.deploy("dies_every_two_seconds")
    assert went_back.exit_code == 3, went_back
    said = app.vps.run(f"cat {ROOT}/logs/app/*-worker.out.log").stdout
    assert app.commits["dies_every_two_seconds"] in said, "a worker starts after the cutover's gate"
    assert app.commits["crash_at_start"] not in said, "and not before it"
    assert workers(app) == [app.current()]
    assert app.live() == "change"
    wait_until(lambda: worker(app)["commit"] == app.commits["change"], 5, "the old worker does not work")
    assert online(app) == {"tiny-blue", "tiny-blue-worker"}

    app.vps.power_cycle()
    app.wait_until_up()
    assert workers(app) == [app.current()]


# A warm standby


def test_a_warm_standby_makes_going_back_the_rename_alone(app: Deployed) -> None:
    app.configure(web={"standby": "warm"}, soak={"seconds": 0})
    app.deploy("first").check()
    first = app.health()["pid"]
    app.deploy("change").check()
    assert online(app) == {"tiny-blue", "tiny-green"}

    back = app.fab("rollback").check()
    assert app.live() == "first"
    assert app.health()["pid"] == first, "it has run all the time"
    assert "start on" not in back.output
    assert online(app) == {"tiny-green"}, "what one rolls away from is no standby"

    app.vps.power_cycle()
    app.wait_until_up()
    assert app.live() == "first"
    assert online(app) == {"tiny-green"}

    app.deploy("third").check()
    assert app.live() == "third"
    app.vps.run("pm2 stop tiny-green", user="deploy")
    app.fab("rollback").check()
    assert app.live() == "first", "a standby that has ended is started"

    app.configure(soak={"seconds": 0})
    app.fab("restart").check()
    assert len(online(app)) == 1
