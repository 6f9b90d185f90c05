"""The sandbox itself: what its tier takes for granted."""

from __future__ import annotations

import json
import socket
import sys
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path

import pytest

from tests.support.operator import CHECKOUT, Operator
from tests.support.processes import run, wait_until
from tests.support.sandbox import Sandbox, processes_of


def test_a_session_has_the_sandbox_for_a_home_and_its_node_and_pm2(
    sandbox: Sandbox, operator: Operator
) -> None:
    script = 'echo "$HOME"; node --version; npm --version; pm2 -s jlist'
    seen = operator.ssh(f"{sandbox.user}@127.0.0.1", script, port=sandbox.port).check().stdout.splitlines()
    assert seen[0] == str(sandbox.home)
    assert seen[1].startswith("v22.")
    assert json.loads(seen[3]) == []
    assert sandbox.run("node --version; npm --version").stdout.splitlines() == seen[1:3]


def test_nginx_serves_a_site_and_reloads_it(sandbox: Sandbox) -> None:
    for answer in ("one", "two"):
        listen = f"listen 127.0.0.1:{sandbox.http_port}; server_name app;"
        sandbox.site("app", f"server {{ {listen} return 200 {answer}; }}")
        wait_until(partial(_gets, sandbox, answer), 10, f"nginx does not answer {answer}")


def test_nothing_is_left_after_stop(sandbox: Sandbox, operator: Operator) -> None:
    start_things(sandbox, operator)

    sandbox.stop()

    assert not processes_of(sandbox.folder)
    assert not sandbox.folder.exists()
    for port in (sandbox.port, sandbox.http_port):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=1)


def test_the_next_sandbox_removes_what_a_killed_run_left(sandbox: Sandbox) -> None:
    program = (
        "import os, signal; from tests.support.sandbox import Sandbox\n"
        "sandbox = Sandbox(); sandbox.run('pm2 ping'); print(sandbox.folder, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    dead = run([sys.executable, "-c", program], cwd=CHECKOUT)
    left = Path(dead.stdout.strip())
    assert sum(process.name() == "nginx" for process in processes_of(left)) == 2

    Sandbox().stop()

    assert not processes_of(left)
    assert not left.exists()
    assert sandbox.run("nginx -t").exit_code == 0


def start_things(sandbox: Sandbox, operator: Operator) -> None:
    """An app under pm2, and a process that leaves its SSH session."""
    (sandbox.home / "app.js").write_text("setInterval(() => {}, 1000)")
    sandbox.run("pm2 start app.js")
    [app] = json.loads(sandbox.run("pm2 -s jlist").stdout)
    assert app["pm2_env"]["status"] == "online"
    leave = "setsid sleep 1000 > /dev/null 2>&1 &"
    operator.ssh(f"{sandbox.user}@127.0.0.1", leave, port=sandbox.port).check()
    assert {"sshd", "nginx", "sleep"} <= {process.name() for process in processes_of(sandbox.folder)}


def _gets(sandbox: Sandbox, answer: str) -> bool:
    request = urllib.request.Request(sandbox.url, headers={"Host": "app"})
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return bool(response.read().decode() == answer)
    except urllib.error.HTTPError:
        return False
