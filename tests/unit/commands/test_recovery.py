"""Recovery in a real bash: the server agrees with its flag, whatever was left, and once more changes nothing.

pm2 is a stand-in that keeps its list in a file and starts real processes; the real one is exercised on the
test hosts.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import Completed, wait_until
from tests.unit.bash import bash
from tests.unit.made import config
from windlass.commands import recovery
from windlass.layout import SLOTS, Slot
from windlass.manifest import as_text, manifest_of
from windlass.shell import Command

OLD, NEW = "0001-aaaaaaa", "0002-bbbbbbb"

STAND_IN = """#!/bin/bash
# Not pm2: it writes down what it is asked for, and starts and ends a real process for each name.
here=$(dirname "$0")
shift  # -s
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
        for known in "$here/known/$2" "$here/known/${2/:/-}" "$here/known/${2/:/-}"-*; do
            case $2 in *:*) ;; *) [ "$known" = "$here/known/$2" ] || continue ;; esac
            if [ -e "$known" ]; then
                end "${known##*/}"
                if [ "$1" = delete ]; then rm "$known"; fi
                found=0
            fi
        done
        exit $found ;;
    save) ls "$here/known" >"$here/home/dump.pm2" ;;
esac
"""


class Server:
    """An app's root, and a pm2 of its own."""

    def __init__(self, root: Path, **tables: Any) -> None:
        self.root = root
        self.run, self.pm2 = root / "run", root / "pm2"
        self.config = config(root, web={"drain": 1}, **tables)
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

    def text(self, command: Command) -> Completed:
        environment = {
            "PATH": f"{self.pm2}:/usr/bin:/bin",
            "HOME": str(self.root),
            "PM2_HOME": str(self.pm2 / "home"),
        }
        return bash(command, env=environment, lenient=True)

    def recover(self) -> list[str]:
        """Run it; what it asked pm2 for, beside bringing the daemon back and saving."""
        asked = self.pm2 / "asked"
        asked.unlink(missing_ok=True)
        done = self.text(recovery.processes(self.config)).check()
        assert done.stderr == ""
        assert asked.read_text().splitlines()[-1] == "save --force"
        return [
            line for line in asked.read_text().splitlines() if line.split()[0] in ("start", "stop", "delete")
        ]

    def assign(self, slot: Slot, release: str, *, started: bool = True) -> None:
        (self.run / f"slot-{slot}").symlink_to(f"../releases/{release}")
        (self.run / f"{slot}.json").write_text(as_text(manifest_of(self.config, slot, release, "", "")))
        if started:
            for name in recovery.names(self.config, slot):
                config_file = self.run / f"{slot}.config.js"
                self.text(Command(f"pm2 -s start {config_file} --only {name}")).check()

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
    server.text(recovery.present(server.config, "blue")).check()
    assert server.pids() == before
    server.end()
    (server.run / "stopped").touch()
    server.text(recovery.present(server.config, "blue")).check()
    assert server.pids() == before
    (server.run / "stopped").unlink()
    server.text(recovery.present(server.config, "blue")).check()
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
    server.text(Command("pm2 -s stop shop-blue")).check()
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
    started = server.text(recovery.processes(server.config)).check()
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
    awake = recovery.awake(server.config, "green")
    pids = server.pids()
    server.text(awake).check()
    assert server.pids() == pids
    server.text(Command("pm2 -s stop shop-green")).check()
    server.text(awake).check()
    assert server.running() == {"shop-green": NEW}


def test_a_release_that_is_gone_is_not_started(server: Server) -> None:
    server.assign("blue", "0009-fffffff", started=False)
    assert server.recover() == []


def test_a_server_without_pm2_is_left_alone(server: Server) -> None:
    server.assign("blue", OLD, started=False)
    (server.pm2 / "pm2").unlink()
    assert server.text(recovery.processes(server.config)).check().output == ""


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
        f"#!/bin/bash\nif [ $2 = start ]; then env >{told}; fi\nmkdir -p $PM2_HOME\n"
    )
    server.assign("blue", OLD, started=False)
    server.text(Command(f"export SECRET=hunter2hunter2\n{recovery.processes(server.config)}"))
    names = {line.split("=")[0] for line in told.read_text().splitlines()}
    assert names - {"PWD", "SHLVL", "_"} == {"HOME", "USER", "PATH", "LANG", "PM2_HOME"}


def test_nodes_folder_is_the_one_that_the_last_deploy_found(server: Server) -> None:
    (server.run / "node-path").write_text("/opt/it's/node\n")
    done = bash(Command(f"{recovery.node_on_path(server.config)}\necho $PATH"), env={"PATH": "/usr/bin:/bin"})
    assert done.check().stdout == "/opt/it's/node:/usr/bin:/bin\n"


@pytest.mark.parametrize("flagged", [False, True])
def test_current_names_the_release_of_the_live_slot(server: Server, flagged: bool) -> None:
    server.assign("blue", OLD, started=False)
    server.assign("green", NEW, started=False)
    (server.root / "current").symlink_to("releases/0009-fffffff")
    if flagged:
        server.flag()
    for _ in range(2):
        assert server.text(recovery.links(server.config)).check().output == ""
        assert str((server.root / "current").readlink()) == f"releases/{NEW if flagged else OLD}"
    assert [path.name for path in server.root.glob("current*")] == ["current"]


def test_there_is_no_current_where_nothing_is_live(server: Server) -> None:
    (server.root / "current").symlink_to(f"releases/{NEW}")
    server.assign("green", NEW, started=False)  # was prepared, and never got the flag
    for _ in range(2):
        server.text(recovery.links(server.config)).check()
        assert not (server.root / "current").is_symlink()


def test_a_deploys_own_page_goes_with_it(server: Server) -> None:
    (server.run / "maintenance").write_text("deploy 0002-bbbbbbb\n")
    for _ in range(2):
        server.text(recovery.page(server.config)).check()
        assert not (server.run / "maintenance").exists()


def test_a_persons_page_stays(server: Server) -> None:
    (server.run / "maintenance").write_text("ana@laptop\n")
    server.text(recovery.page(server.config)).check()
    assert (server.run / "maintenance").exists()


def test_the_page_of_a_deploy_that_migrated_stays_for_a_person_to_look(server: Server) -> None:
    (server.run / "maintenance").write_text("deploy 0002-bbbbbbb\n")
    (server.run / "migrated").touch()
    for _ in range(2):
        done = server.text(recovery.page(server.config))
        assert done.exit_code == 1
        assert "until a person has looked" in done.stdout
        assert (server.run / "maintenance").exists()
