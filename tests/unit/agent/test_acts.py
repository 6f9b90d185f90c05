"""What the agent does to an app's slots: the server agrees with its flag, whatever was left, and once more changes
nothing.

pm2 is a stand-in that keeps its list in a file and starts real processes; the real one is exercised on the
test hosts.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.operator import CHECKOUT
from tests.support.ports import free_ports
from tests.support.processes import Completed, run, wait_until
from tests.unit.bash import bash
from tests.unit.made import config
from windlass import acts
from windlass.layout import SLOTS, Slot
from windlass.manifest import as_text, manifest_of
from windlass.plan import Gate
from windlass.shell import Command

OLD, NEW = "0001-aaaaaaa", "0002-bbbbbbb"

STAND_IN = """#!/bin/bash
# Not pm2: it writes down what it is asked for, and starts and ends a real process for each name.
here=$(dirname "$0")
echo "$*" >>"$here/asked"
run=$here/../run
end() { if [ -e "$run/$1-0.pid" ]; then kill "$(cat "$run/$1-0.pid")"; rm "$run/$1-0.pid"; fi; }
case $1 in
    start)
        for name in ${4//,/ }; do
            slot=$(basename "$2" .config.js)
            folder=$run/slot-$slot
            if [ -e "$here/known/$name" ]; then folder=$(cat "$here/known/$name"); fi
            cd "$folder" || exit 1
            pwd -P >"$here/known/$name"
            sleep 60 >/dev/null 2>&1 &
            echo $! >"$run/$name-0.pid"
        done ;;
    stop | delete)
        # A name, or else the namespace APP:SLOT: each process of those whose names begin with APP-SLOT.
        found=1
        for known in "$here/known/$2" "$here/known/${2/:/-}" "$here/known/${2/:/-}"[-_]*; do
            case $2 in *:*) ;; *) [ "$known" = "$here/known/$2" ] || continue ;; esac
            if [ -e "$known" ]; then
                end "${known##*/}"
                if [ "$1" = delete ]; then rm "$known"; fi
                found=0
            fi
        done
        exit $found ;;
    resurrect)
        (exec -a "PM2 v0: God Daemon ($PM2_HOME)" sleep 60) >/dev/null 2>&1 &
        echo $! >"$here/home/daemon"
        until grep -q "^PM2 v" /proc/$!/cmdline; do sleep 0.01; done ;;
    save)
        if [ -e "$here/full" ]; then : >"$PM2_DUMP_FILE_PATH"; exit 0; fi
        if [ -e "$here/dying" ]; then kill "$(cat "$here/home/daemon")"; fi
        { echo '['; for known in $(ls "$here/known"); do
            slot=${known#shop-}; slot=${slot%%[-_]*}; space=default
            case $known in shop-*) space=shop:$slot ;; esac
            echo '{"name": "'$known'", "namespace": "'$space'"},'
        done; echo 'null]'; } >"$PM2_DUMP_FILE_PATH" ;;
esac
"""

RUN = """
import json, sys
from windlass.agent.gates import ACTS, GateFailed
name, arguments = json.load(sys.stdin)
try:
    ACTS[name](arguments)
except GateFailed as failure:
    sys.exit(f"refused: {failure}")
"""


class Server:
    """An app's root, and a pm2 of its own."""

    def __init__(self, root: Path, **tables: Any) -> None:
        self.root = root
        self.run, self.pm2 = root / "run", root / "pm2"
        self.config = config(root, web={"drain": 1, **tables.pop("web", {})}, **tables)
        for folder in (
            self.run,
            self.pm2 / "known",
            self.pm2 / "home",
            root / "releases" / OLD,
            root / "releases" / NEW,
        ):
            folder.mkdir(parents=True)
        (self.pm2 / "pm2").write_text(STAND_IN)
        (self.pm2 / "pm2").chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self.pm2}:/usr/bin:/bin",
            "HOME": str(self.root),
            "PM2_HOME": str(self.pm2 / "home"),
        }

    def text(self, command: Command) -> Completed:
        return bash(command, env=self.environment, lenient=True)

    def act(self, act: Gate, **variables: str) -> Completed:
        """Have the agent's code do it, in a process of its own."""
        arguments = {**act.arguments, "paths": self.config.layout.paths(), "app": acts.about(self.config)}
        environment = {**self.environment, **variables, "PYTHONPATH": str(CHECKOUT)}
        text = json.dumps([act.name, arguments])
        return run([sys.executable, "-c", RUN], env=environment, stdin=text, timeout=30)

    def recover(self) -> list[str]:
        """Run it; what it asked pm2 for, beside bringing the daemon back and saving."""
        asked = self.pm2 / "asked"
        asked.unlink(missing_ok=True)
        done = self.act(acts.agree(config())).check()
        assert done.stderr == ""
        if not asked.exists():
            return []
        assert asked.read_text().splitlines()[-1] == "save --force"
        return [
            line for line in asked.read_text().splitlines() if line.split()[0] in ("start", "stop", "delete")
        ]

    def saved(self) -> list[str]:
        return [one["name"] for one in json.loads((self.pm2 / "home/dump.pm2").read_text())]

    def assign(self, slot: Slot, release: str, *, started: bool = True) -> None:
        (self.run / f"slot-{slot}").symlink_to(f"../releases/{release}")
        (self.run / f"{slot}.json").write_text(as_text(manifest_of(self.config, slot, release, "", "")))
        if started:
            for name in manifest_of(self.config, slot, release, "", "").names:
                config_file = self.run / f"{slot}.config.js"
                self.text(Command(f"pm2 start {config_file} --only {name}")).check()

    def flag(self) -> None:
        (self.run / "green").touch()

    def running(self) -> dict[str, str]:
        """The release that each running process works in."""
        pids = {file.name.removesuffix("-0.pid"): int(file.read_text()) for file in self.run.glob("*.pid")}
        folders = {name: Path(f"/proc/{pid}/cwd") for name, pid in pids.items()}
        return {name: folder.readlink().name for name, folder in folders.items() if folder.exists()}

    def pids(self) -> set[str]:
        return {file.read_text() for file in self.run.glob("*.pid")}

    def links(self) -> dict[str, str]:
        return {
            slot: (self.run / f"slot-{slot}").readlink().name
            for slot in SLOTS
            if (self.run / f"slot-{slot}").is_symlink()
        }

    def end(self) -> None:
        """End what was started here; a pid file may name anybody."""
        daemon = self.pm2 / "home/daemon"
        if daemon.exists():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(daemon.read_text()), signal.SIGKILL)
        for pid in self.pids():
            with contextlib.suppress(OSError, ValueError):
                if Path(f"/proc/{int(pid)}/cwd").readlink().is_relative_to(self.root):
                    os.kill(int(pid), signal.SIGKILL)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    found = Server(tmp_path / "srv")
    yield found
    found.end()


@pytest.fixture
def with_worker(tmp_path: Path) -> Iterator[Server]:
    found = Server(tmp_path / "srv", processes={"worker": {"script": "worker.js"}})
    yield found
    found.end()


def test_what_is_gone_back_to_is_started_where_it_does_not_run_and_not_while_the_app_is_stopped(
    server: Server,
) -> None:
    server.assign("blue", OLD)
    before = server.pids()
    server.act(acts.present(server.config, "blue")).check()
    assert server.pids() == before
    server.end()
    (server.run / "stopped").touch()
    server.act(acts.present(server.config, "blue")).check()
    assert server.pids() == before
    (server.run / "stopped").unlink()
    server.act(acts.present(server.config, "blue")).check()
    assert server.running() == {"shop-blue": OLD}
    assert server.pids() != before


def test_nothing_is_started_where_nothing_is_live(server: Server) -> None:
    assert server.recover() == []
    assert server.running() == {}


@pytest.mark.parametrize("live", SLOTS)
def test_the_live_slot_runs_on_undisturbed_and_the_other_is_ended(server: Server, live: Slot) -> None:
    server.assign("blue", OLD)
    server.assign("green", NEW)
    if live == "green":
        server.flag()
    before = server.running()
    release = {"blue": OLD, "green": NEW}[live]
    idle = "green" if live == "blue" else "blue"
    assert server.recover() == [f"delete shop:{idle}"]
    assert not (server.run / f"{idle}.json").exists()
    assert server.running() == {f"shop-{live}": release}
    assert before[f"shop-{live}"] == release
    assert server.links() == {live: release}


def test_what_an_earlier_version_started_is_ended_by_its_names(with_worker: Server) -> None:
    with_worker.assign("blue", OLD)
    with_worker.assign("green", NEW)
    (with_worker.run / "blue.json").unlink()
    with_worker.flag()
    assert with_worker.recover() == ["delete shop:blue", "delete shop-blue", "delete shop-blue-worker"]
    assert set(with_worker.running()) == {"shop-green", "shop-green-worker"}


def test_what_a_slot_was_started_with_is_what_runs_again_whatever_is_configured_now(
    with_worker: Server,
) -> None:
    with_worker.assign("green", NEW, started=False)
    with_worker.flag()
    with_worker.config = config(with_worker.root, web={"drain": 1}, processes={"mailer": {"script": "m.js"}})
    with_worker.recover()
    assert set(with_worker.running()) == {"shop-green", "shop-green-worker"}


def test_of_a_process_that_must_not_run_twice_the_idle_slots_ends_first(tmp_path: Path) -> None:
    server = Server(tmp_path / "srv", processes={"clock": {"script": "clock.js", "exclusive": True}})
    try:
        server.assign("blue", OLD)
        server.assign("green", NEW, started=False)
        server.flag()
        asked = server.recover()
        assert asked.index("delete shop-blue-clock") < asked.index("delete shop-green-clock")
        assert asked[0] == "delete shop-blue-clock"
        assert set(server.running()) == {"shop-green", "shop-green-clock"}
    finally:
        server.end()


def test_a_process_that_says_it_is_a_slots_is_ended_where_no_link_and_no_manifest_know_of_it(
    server: Server,
) -> None:
    server.assign("blue", OLD)
    folder = server.root / "releases" / NEW
    stray = f"cd {folder}; WINDLASS_SLOT=green sleep 60 >/dev/null 2>&1 & echo $! >{server.run}/stray.pid"
    server.text(Command(stray)).check()
    assert server.recover() == ["delete shop:green", "delete shop-green"]


def test_recovering_again_changes_nothing_and_asks_pm2_for_nothing(server: Server) -> None:
    server.assign("blue", OLD)
    server.assign("green", NEW)
    server.flag()
    server.recover()
    pids, links = server.pids(), server.links()
    assert server.recover() == []
    assert (server.pids(), server.links()) == (pids, links)


def test_a_live_slot_that_does_not_run_is_started(server: Server) -> None:
    server.assign("green", NEW, started=False)
    server.flag()
    server.recover()
    assert server.running() == {"shop-green": NEW}


def test_a_stopped_process_of_another_release_is_forgotten_before_the_start(server: Server) -> None:
    server.assign("blue", OLD)
    server.text(Command("pm2 stop shop-blue")).check()
    (server.run / "slot-blue").unlink()
    server.assign("blue", NEW, started=False)
    server.recover()
    assert server.running() == {"shop-blue": NEW}


@pytest.mark.parametrize("pid", ["self", "1", "999999999", "", "not a number"])
def test_a_pid_file_that_names_somebody_else_is_not_believed(server: Server, pid: str) -> None:
    server.assign("blue", OLD, started=False)
    pid = str(os.getpid()) if pid == "self" else pid
    (server.run / "shop-blue-0.pid").write_text(pid)
    (server.run / "shop-blue-7.pid").write_text(pid)
    started = server.act(acts.agree(config())).check()
    assert started.stderr == ""
    asked = (server.pm2 / "asked").read_text()
    assert f"start {server.run}/blue.config.js --only shop-blue\n" in asked


def test_a_process_of_the_same_slot_in_another_release_does_not_count_as_running(server: Server) -> None:
    server.assign("blue", OLD)
    (server.run / "slot-blue").unlink()
    server.assign("blue", NEW, started=False)
    server.recover()
    assert server.running() == {"shop-blue": NEW}


def test_an_app_in_a_subfolder_counts_as_running(server: Server) -> None:
    (server.root / "releases" / OLD / "apps/web").mkdir(parents=True)
    server.assign("blue", OLD)
    server.end()
    sleep = f"sleep 60 >/dev/null 2>&1 & echo $! >{server.run}/shop-blue-0.pid"
    nested = Command(f"cd {server.root}/releases/{OLD}/apps/web\n{sleep}")
    server.text(nested).check()
    assert server.recover() == []


def test_nothing_runs_while_the_app_is_stopped(with_worker: Server) -> None:
    with_worker.assign("blue", OLD)
    with_worker.flag()
    with_worker.assign("green", NEW)
    (with_worker.run / "stopped").touch()
    assert set(with_worker.recover()) == {"stop shop:blue", "stop shop:green"}
    assert with_worker.running() == {}
    assert with_worker.links() == {"blue": OLD, "green": NEW}  # a resume knows what was live
    with_worker.recover()
    assert with_worker.running() == {}


def test_what_is_resumed_starts_again(with_worker: Server) -> None:
    with_worker.assign("blue", OLD)
    (with_worker.run / "stopped").touch()
    with_worker.recover()
    (with_worker.run / "stopped").unlink()
    with_worker.recover()
    assert with_worker.running() == {"shop-blue": OLD, "shop-blue-worker": OLD}


def test_a_warm_standby_is_left_running(server: Server) -> None:
    server.assign("blue", OLD)
    server.assign("green", NEW)
    server.flag()
    (server.run / "standby").touch()
    assert server.recover() == []
    assert server.running() == {"shop-blue": OLD, "shop-green": NEW}
    assert server.links() == {"blue": OLD, "green": NEW}


def test_a_worker_that_is_gone_comes_back_alone(with_worker: Server) -> None:
    with_worker.assign("blue", OLD)
    worker = with_worker.run / "shop-blue-worker-0.pid"
    gone = Path(f"/proc/{worker.read_text().strip()}")
    os.kill(int(gone.name), signal.SIGKILL)
    wait_until(lambda: not gone.exists(), 10, "it did not end")
    asked = with_worker.recover()
    assert [line.split()[-1] for line in asked] == ["shop-blue-worker", "shop-blue-worker"]
    assert with_worker.running() == {"shop-blue": OLD, "shop-blue-worker": OLD}


def test_a_standby_that_ended_is_started_and_one_that_runs_is_not(server: Server) -> None:
    server.assign("green", NEW)
    awake = acts.present(server.config, "green", web=True)
    pids = server.pids()
    server.act(awake).check()
    assert server.pids() == pids
    server.text(Command("pm2 stop shop-green")).check()
    server.act(awake).check()
    assert server.running() == {"shop-green": NEW}


def test_a_release_that_is_gone_is_not_started(server: Server) -> None:
    server.assign("blue", "0009-fffffff", started=False)
    assert server.recover() == []


def test_a_server_without_pm2_is_left_alone(server: Server) -> None:
    server.assign("blue", OLD, started=False)
    (server.pm2 / "pm2").unlink()
    assert server.act(acts.agree(config())).check().output == ""


def test_a_daemon_that_is_down_is_brought_back_with_all_it_had_saved_before_anything_else(
    server: Server,
) -> None:
    server.assign("blue", OLD)
    server.recover()
    assert (server.pm2 / "asked").read_text().splitlines()[0] == "resurrect"


def test_what_pm2_saved_is_read_by_its_owner_alone(server: Server) -> None:
    server.assign("blue", OLD)
    server.recover()
    assert (server.pm2 / "home/dump.pm2").stat().st_mode & 0o777 == 0o600


def test_pm2_is_started_with_nothing_of_the_callers_environment(server: Server) -> None:
    told = server.root / "told"
    (server.pm2 / "pm2").write_text(
        f"#!/bin/bash\nif [ $1 = start ]; then env >{told}; fi\nmkdir -p $PM2_HOME\n"
    )
    server.assign("blue", OLD, started=False)
    server.act(acts.agree(config()), SECRET="hunter2hunter2")
    names = {line.split("=")[0] for line in told.read_text().splitlines()}
    assert names - {"PWD", "SHLVL", "_"} == {"HOME", "USER", "PATH", "LANG", "PM2_HOME"}


def test_nodes_folder_is_the_one_that_the_last_deploy_found(server: Server) -> None:
    elsewhere = server.root / "it's"
    server.pm2.rename(elsewhere)
    server.pm2 = elsewhere
    (server.run / "node-path").write_text(f"{elsewhere}\n")
    server.assign("blue", OLD)
    done = server.act(acts.agree(config()), PATH="/usr/bin:/bin")
    assert done.check().output == ""
    assert server.saved() == ["shop-blue"]


@pytest.mark.parametrize("flagged", [False, True])
def test_current_names_the_release_of_the_live_slot(server: Server, flagged: bool) -> None:
    server.assign("blue", OLD, started=False)
    server.assign("green", NEW, started=False)
    (server.root / "current").symlink_to("releases/0009-fffffff")
    if flagged:
        server.flag()
    for _ in range(2):
        assert server.act(acts.links(server.config)).check().output == ""
        assert str((server.root / "current").readlink()) == f"releases/{NEW if flagged else OLD}"
    assert [path.name for path in server.root.glob("current*")] == ["current"]


def test_there_is_no_current_where_nothing_is_live(server: Server) -> None:
    (server.root / "current").symlink_to(f"releases/{NEW}")
    server.assign("green", NEW, started=False)  # was prepared, and never got the flag
    for _ in range(2):
        server.act(acts.links(server.config)).check()
        assert not (server.root / "current").is_symlink()


def test_a_deploys_own_page_goes_with_it(server: Server) -> None:
    (server.run / "maintenance").write_text("deploy 0002-bbbbbbb\n")
    for _ in range(2):
        server.act(acts.page(server.config)).check()
        assert not (server.run / "maintenance").exists()


def test_a_persons_page_stays(server: Server) -> None:
    (server.run / "maintenance").write_text("ana@laptop\n")
    server.act(acts.page(server.config)).check()
    assert (server.run / "maintenance").exists()


def test_the_page_of_a_deploy_that_migrated_stays_for_a_person_to_look(server: Server) -> None:
    (server.run / "maintenance").write_text("deploy 0002-bbbbbbb\n")
    (server.run / "migrated").touch()
    for _ in range(2):
        done = server.act(acts.page(server.config))
        assert done.exit_code == 1
        assert "until a person has looked" in done.stderr
        assert (server.run / "maintenance").exists()


def test_what_a_neighbour_had_saved_stays_saved_though_pm2_runs_it_no_more(server: Server) -> None:
    server.assign("blue", OLD)
    neighbour = {"name": "blog", "namespace": "default", "status": "online"}
    left = {"name": "shop-green", "namespace": "shop:green"}
    folder = str(server.config.layout.release_app(OLD))
    by_an_earlier_version = {"name": "shop-green", "namespace": "shop", "pm_cwd": folder}
    (server.pm2 / "home/dump.pm2").write_text(json.dumps([neighbour, left, by_an_earlier_version]))
    said = server.act(acts.remember()).check().stdout
    assert sorted(server.saved()) == ["blog", "shop-blue"]
    assert said == "blog stays in the list that comes back after a boot, though pm2 has it no more\n"
    server.act(acts.remember(forget="blog")).check()
    assert server.saved() == ["shop-blue"]


@pytest.mark.parametrize("trouble", ["the daemon dies", "what is live is not in it", "no room"])
def test_a_list_that_cannot_be_trusted_is_not_saved(server: Server, trouble: str) -> None:
    server.assign("blue", OLD)
    server.act(acts.remember()).check()
    before = (server.pm2 / "home/dump.pm2").read_bytes()
    if trouble == "the daemon dies":
        (server.pm2 / "dying").touch()
    elif trouble == "what is live is not in it":
        (server.pm2 / "known/shop-blue").unlink()
    else:
        (server.pm2 / "full").touch()
    refused = server.act(acts.remember())
    assert refused.exit_code == 1
    assert "stays as it was" in refused.stderr
    assert (server.pm2 / "home/dump.pm2").read_bytes() == before
    assert not (server.pm2 / "home/dump.pm2.windlass").exists()


def test_while_the_server_goes_down_nothing_is_started_and_nothing_saved(server: Server) -> None:
    server.assign("blue", OLD, started=False)
    (server.pm2 / "systemctl").write_text("#!/bin/sh\necho stopping\nexit 1\n")
    (server.pm2 / "systemctl").chmod(0o755)
    for act in (acts.agree(config()), acts.present(server.config, "blue"), acts.remember()):
        refused = server.act(act)
        assert refused.stderr == "refused: the server is going down: what runs is put right after its boot\n"
    assert server.running() == {}
    assert not (server.pm2 / "home/dump.pm2").exists()


@pytest.mark.parametrize(("limit", "kept"), [(0, True), (10**9, False)])
def test_a_standby_is_kept_only_where_memory_allows(tmp_path: Path, limit: int, kept: bool) -> None:
    server = Server(
        tmp_path / "srv", limits={"memory_free_mb": limit}, processes={"worker": {"script": "w.js"}}
    )
    try:
        server.assign("blue", OLD)
        done = server.act(acts.stand_by(server.config, "blue", ["shop-blue-worker"])).check()
        assert (server.run / "standby").exists() == kept
        assert server.running() == ({"shop-blue": OLD} if kept else {})
        assert bool(server.links()) == kept
        assert ("memory are free: blue is stopped" in done.stdout) != kept
    finally:
        server.end()


def test_what_is_left_of_an_interrupted_write_is_removed_and_nothing_else(server: Server) -> None:
    left = [
        "releases/.0003-ccccccc.partial/x",
        "workspace.partial/x",
        "backups/1.dump.partial",
        "run/blue.json.next",
    ]
    stays = ["workspace/x", "backups/1.dump", f"releases/{OLD}/x"]
    for name in [*left, *stays]:
        (server.root / name).parent.mkdir(parents=True, exist_ok=True)
        (server.root / name).touch()
    server.act(acts.tidy(server.config)).check()
    assert [name for name in left if (server.root / name).exists()] == []
    assert all((server.root / name).exists() for name in stays)
    assert not (server.root / "workspace.partial").exists()


def test_all_of_a_slot_ends_and_of_it_what_is_named(with_worker: Server) -> None:
    with_worker.assign("blue", OLD)
    with_worker.act(acts.end_these(with_worker.config, "blue", ["shop-blue-worker"])).check()
    assert with_worker.running() == {"shop-blue": OLD}
    with_worker.act(acts.end(with_worker.config, "blue")).check()
    assert with_worker.running() == {}
    assert with_worker.links() == {"blue": OLD}
    with_worker.act(acts.remove(with_worker.config, "blue")).check()
    assert with_worker.links() == {}


def test_what_was_told_to_end_and_does_not_is_killed(server: Server) -> None:
    server.config = config(server.root, web={"kill_timeout": 0})
    folder = server.root / "releases" / OLD
    deaf = "trap '' TERM; while :; do sleep 0.1; done"
    stray = (
        f'cd {folder}; WINDLASS_SLOT=blue bash -c "{deaf}" >/dev/null 2>&1 & echo $! >{server.run}/stray.pid'
    )
    server.text(Command(stray)).check()
    done = server.act(acts.gone(server.config)).check()
    assert "did not end in time and is killed" in done.stdout
    assert server.running() == {}


@pytest.fixture
def wide(tmp_path: Path) -> Iterator[Server]:
    ports = [free_ports(3)[0], free_ports(3)[0]]
    found = Server(
        tmp_path / "srv", web={"ports": ports, "instances": 3}, processes={"worker": {"script": "w.js"}}
    )
    yield found
    # The client may not have counted them yet, as with "cpus": what the manifest says is what counts.
    found.end()


WIDE = {"shop-blue", "shop-blue_1", "shop-blue_2", "shop-blue-worker"}


def uncounted(server: Server) -> None:
    """From now on the client does not know how many there are."""
    web = server.config.web.model_copy(update={"instances": "cpus"})
    server.config = server.config.model_copy(update={"web": web})


def test_all_web_processes_of_the_live_slot_run_again_and_those_of_the_other_end(wide: Server) -> None:
    wide.assign("blue", OLD, started=False)
    wide.assign("green", NEW)
    uncounted(wide)
    wide.recover()
    assert set(wide.running()) == WIDE
    assert wide.links() == {"blue": OLD}
    pid = int((wide.run / "shop-blue_2-0.pid").read_text())
    os.kill(pid, signal.SIGKILL)
    assert wide.recover() == [
        "delete shop-blue_2",
        "start " + str(wide.run / "blue.config.js") + " --only shop-blue_2",
    ]


def test_web_processes_alone_are_started_where_a_standby_is_gone_back_to(wide: Server) -> None:
    wide.assign("blue", OLD, started=False)
    wide.act(acts.present(wide.config, "blue", web=True)).check()
    assert set(wide.running()) == WIDE - {"shop-blue-worker"}


@pytest.mark.parametrize("number", [0, 2])
def test_a_stop_looks_at_every_port_that_a_slot_was_started_with(wide: Server, number: int) -> None:
    wide.assign("blue", OLD, started=False)
    port = wide.config.ports("blue")[number]
    uncounted(wide)
    wide.act(acts.gone(wide.config)).check()
    with socket.create_server(("127.0.0.1", port)):
        refused = wide.act(acts.gone(wide.config))
    assert f"refused: somebody listens on port {port}, which is the app's" in refused.stderr


@pytest.mark.parametrize("number", [0, 2])
def test_the_idle_slot_ends_when_nobody_is_connected_to_any_of_its_ports(wide: Server, number: int) -> None:
    wide.config = wide.config.model_copy(update={"web": wide.config.web.model_copy(update={"drain": 3})})
    wide.assign("blue", OLD)
    wide.assign("green", NEW)
    port = wide.config.ports("green")[number]
    uncounted(wide)
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", port)), socket.create_connection(("127.0.0.1", port)):
        wide.recover()
    assert time.monotonic() - began > 3
