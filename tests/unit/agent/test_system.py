"""The calls `system` and `pm2`, as a server's python3 runs them, and the facts that read their answers."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests.support.processes import wait_until
from tests.unit.agent.apps import Apps
from windlass.agent import proc
from windlass.agent.system import CALLS
from windlass.facts import Answer, Question
from windlass.facts.system import figures, pm2_list

CHECKOUT = Path(__file__).parents[3]
CALL = "import json, sys, time; sys.path.insert(0, sys.argv[1]); from windlass.agent.system import CALLS; "
CALL += "began = time.monotonic(); answer = CALLS[sys.argv[2]](json.loads(sys.argv[3])); "
CALL += "print(json.dumps([time.monotonic() - began, answer]))"


def answer(question: Question[Any]) -> Any:
    """The fact, from the call's own answer made JSON as the agent does."""
    return question.parse(Answer(json.dumps(CALLS[question.call](question.arguments))))


def answer_without_psutil(question: Question[Any]) -> tuple[float, Any]:
    """The seconds that the call took, python's own start aside, and the fact."""
    words = [sys.executable, "-I", "-S", "-c", CALL, CHECKOUT, question.call, json.dumps(question.arguments)]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    seconds, given = json.loads(done.stdout)
    return seconds, question.parse(Answer(json.dumps(given)))


def test_the_figures_cover_the_machine_and_the_app(apps: Apps) -> None:
    app = apps.start().wait_until_listening()
    began = time.monotonic()
    found = answer(figures([PurePosixPath("/")], [app.port], app.pid_files))
    assert 0.9 < time.monotonic() - began < 5
    assert found is not None
    assert 0 <= found.cpu <= 100
    assert found.hint == ""
    assert 0 < found.memory.free < found.memory.total
    assert 0 < found.disks["/"].used_percent < 100
    assert len(found.load) == 3
    (listener,) = found.listeners
    assert (listener.port, listener.address, listener.pid) == (app.port, "127.0.0.1", app.pid)
    assert found.processes[app.pid].rss > 1_000_000
    assert 0 <= found.processes[app.pid].uptime < 60


def test_a_process_is_counted_with_all_that_it_started(apps: Apps) -> None:
    app = apps.supervise().wait_until_listening()
    alone = answer(figures([], [], app.pid_files)).processes
    (apps.run / "supervisor.pid").write_text(str(app.pid))
    together = answer(figures([], [], [str(apps.run / "supervisor.pid")])).processes
    assert together[app.pid].rss > sum(one.rss for one in alone.values()) > 0


def test_without_psutil_the_rest_is_there_with_a_hint(apps: Apps) -> None:
    app = apps.start().wait_until_listening()
    seconds, found = answer_without_psutil(figures([PurePosixPath("/")], [app.port], app.pid_files))
    assert seconds < 1
    assert found.cpu is None
    assert found.processes == {}
    assert found.hint == "apt-get install python3-psutil"
    assert found.memory.total > 0
    assert found.listeners[0].pid == app.pid


def test_a_disk_is_measured_where_a_folder_will_be() -> None:
    missing = PurePosixPath("/nonexistent/shop/releases")
    _, found = answer_without_psutil(figures([missing], [], []))
    assert found.disks[str(missing)].total == os.statvfs("/").f_blocks * os.statvfs("/").f_frsize


def test_a_call_that_failed_gives_no_figures() -> None:
    assert figures([], [], []).parse(Answer("", "MemoryError: ", 1)) is None


# What pm2 7.0.4 gives, shortened; the environment is full of secrets.
JLIST = (
    '[{"pid":26844,"name":"shop-blue","pm2_env":{"namespace":"shop","status":"online","restart_time":3,'
    '"pm_uptime":1795305929731,"pm_cwd":"/srv/shop/releases/0001-abc1234","DATABASE_URL":"postgres://secret"},'
    '"pm_id":0,"monit":{"memory":54312960,"cpu":20.5}},'
    '{"pid":0,"name":"shop-green","pm2_env":{"namespace":"shop","status":"stopped"},"pm_id":1}]'
)


class Daemon:
    """A PM2_HOME with a process that looks like pm2's daemon, and a `pm2` that notes that it was run."""

    def __init__(self, root: Path) -> None:
        self.home, self.bin, self.called = root / ".pm2", root / "bin", root / "called"
        self.home.mkdir()
        self.bin.mkdir()
        self.says(f"cat <<'END'\n{JLIST}\nEND")
        title = f"PM2 v7.0.4: God Daemon ({self.home})"
        self._process = subprocess.Popen(["bash", "-c", f"exec -a {shlex.quote(title)} sleep 300"])
        wait_until(lambda: proc.title(self._process.pid).startswith("PM2 "), 5, "not started")

    def says(self, script: str) -> None:
        program = self.bin / "pm2"
        program.write_text(f'#!/bin/bash\necho "$PM2_HOME $*" >>{self.called}\n{script}\n')
        program.chmod(0o755)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()

    def list(self) -> Any:
        question = pm2_list(str(self.bin))
        question.arguments["home"] = str(self.home)
        return answer(question)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    found = Daemon(tmp_path)
    yield found
    found.end()


def test_pm2_is_listed_without_its_environment(daemon: Daemon) -> None:
    found = daemon.list()
    blue, green = found.processes
    assert (blue.name, blue.namespace, blue.pid, blue.status, blue.restarts) == (
        "shop-blue",
        "shop",
        26844,
        "online",
        3,
    )
    assert (blue.cwd, blue.since) == ("/srv/shop/releases/0001-abc1234", 1795305929.731)
    assert (green.status, green.pid) == ("stopped", 0)
    assert daemon.called.read_text() == f"{daemon.home} -s jlist\n"
    assert "secret" not in json.dumps(CALLS["pm2"]({"home": str(daemon.home), "path": str(daemon.bin)}))


def test_a_banner_before_the_list_is_left_out(daemon: Daemon) -> None:
    daemon.says(
        f"echo '>>>> In-memory PM2 is out-of-date, do:'\necho '[PM2] spawned'\ncat <<'END'\n{JLIST}\nEND"
    )
    assert len(daemon.list().processes) == 2


def test_a_pm2_without_a_daemon_is_not_run(daemon: Daemon) -> None:
    daemon.end()
    assert not daemon.list().daemon
    assert not daemon.called.exists()


def test_the_daemon_of_another_home_is_not_asked(daemon: Daemon, tmp_path: Path) -> None:
    found = CALLS["pm2"]({"home": str(tmp_path / "another/.pm2"), "path": str(daemon.bin)})
    assert found == {"daemon": False, "processes": []}
    assert not daemon.called.exists()


def test_pm2_is_found_where_the_last_deploy_found_node(daemon: Daemon, tmp_path: Path) -> None:
    known = tmp_path / "node-path"
    known.write_text(f"{daemon.bin}\n")
    assert len(CALLS["pm2"]({"home": str(daemon.home), "path_file": str(known)})["processes"]) == 2


def test_a_pm2_that_fails_is_an_error_with_what_it_said(daemon: Daemon) -> None:
    daemon.says("echo 'EACCES: permission denied' >&2; exit 1")
    found = daemon.list()
    assert found.daemon
    assert found.error == "pm2 gave no list (exit code 1): EACCES: permission denied"


def test_a_pm2_that_is_not_there_is_an_error(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    (daemon.bin / "pm2").unlink()
    assert daemon.list().error == "pm2 is not on the PATH"


def test_a_call_that_failed_is_a_list_with_an_error() -> None:
    assert pm2_list().parse(Answer("", "", 124)).error == "pm2 gave no answer in time"
