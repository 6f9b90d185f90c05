"""Whose a port is under systemd: a real listener; ss and systemctl are stand-ins that print what real ones print."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from windlass.agent import occupant, proc, units
from windlass.agent.failure import GateFailed
from windlass.agent.gates_alive import Watched

UNIT = "windlass-shop.web@blue.1.service"
GROUP = "cgroup:/system.slice/system-windlass\\x2dshop.web.slice/"


@dataclass
class Host:
    """What ss and systemctl print, and a socket of this very process that listens."""

    folder: Path
    port: int
    inode: int

    def prints(self, program: str, text: str) -> None:
        (self.folder / f"{program}.out").write_text(text)

    def opened_in(self, group: str) -> None:
        line = f"LISTEN 0 511 127.0.0.1:{self.port} 0.0.0.0:* uid:999 ino:{self.inode} sk:1 {group} <->\n"
        self.prints("ss", line)

    def runs(self, pid: int) -> None:
        self.prints("systemctl", f"Id={UNIT}\nActiveState=active\nMainPID={pid}\nNRestarts=0\n")

    def look(self, cwd: str = "") -> occupant.Finding:
        return occupant.look(occupant.Expected(self.port, cwd, units={UNIT: str(self.script)}))

    @property
    def script(self) -> Path:
        return self.folder / "web.blue.1.start"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    for program in ("ss", "systemctl"):
        stand_in = tmp_path / program
        stand_in.write_text(f"#!/bin/sh\ncat {tmp_path}/{program}.out\n")
        stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        found = Host(tmp_path, port, proc.listeners(port)[0].inode)
        found.opened_in(GROUP + UNIT)
        found.runs(os.getpid())
        found.script.write_text("#!/bin/sh\ncd '/srv/shop/releases/0001-aaaaaaa' || exit 1\n")
        yield found


def test_a_socket_of_the_units_stands_for_its_main_process(host: Host) -> None:
    assert host.look("/srv/shop/releases/0001-aaaaaaa").process == proc.process(os.getpid())


@pytest.mark.parametrize(
    ("group", "who"),
    [
        (f"{GROUP}windlass-shop.web@green.1.service", "windlass-shop.web@green.1.service"),
        ("cgroup:/system.slice/stranger.service", "stranger.service"),
        ("cgroup:/user.slice/user-1000.slice/session-3.scope", "a process"),
        ("", "a process"),
    ],
)
def test_any_other_socket_is_a_strangers(host: Host, group: str, who: str) -> None:
    host.opened_in(group)
    found = host.look()
    assert found.foreign
    assert (
        found.problem == f"port {host.port} is held by {who} of user {proc.user(os.geteuid())}, not by {UNIT}"
    )


def test_a_unit_that_was_started_from_another_release_is_not_what_is_meant(host: Host) -> None:
    found = host.look("/srv/shop/releases/0002-bbbbbbb")
    assert found.foreign
    assert "which runs in /srv/shop/releases/0001-aaaaaaa, not in" in found.problem


def test_a_socket_that_a_unit_has_left_behind_stands_for_nobody(host: Host) -> None:
    host.runs(0)
    found = host.look()
    assert (found.process, found.foreign) == (None, False)
    assert "does not run" in found.problem


def test_the_manifest_says_whether_a_gate_asks_pm2_or_systemd(tmp_path: Path) -> None:
    manifest = tmp_path / "blue.json"
    arguments = {
        "port": 1, "slot": "blue", "pid_files": ["x.pid"], "units": {UNIT: "x"},
        "paths": {"manifests": {"blue": str(manifest)}},
    }  # fmt: skip
    assert occupant.Expected.of(arguments).pid_files == ("x.pid",)
    manifest.write_text('{"supervisor": "systemd"}')
    found = occupant.Expected.of(arguments)
    assert (found.pid_files, found.units) == ((), {UNIT: "x"})


def test_a_unit_that_does_not_run_does_not_stay_up(host: Host) -> None:
    processes = {"processes": {"shop-blue-jobs": {"units": {UNIT: "x"}, "instances": 1}}}
    Watched(processes).check()
    host.runs(0)
    with pytest.raises(GateFailed, match="shop-blue-jobs ended right after its start"):
        Watched(processes).check()


def test_what_lives_is_told_from_what_does_not(host: Host) -> None:
    other = UNIT.replace("blue", "green")
    host.prints(
        "systemctl", f"{UNIT} loaded activating auto-restart shop web\n{other} loaded failed failed shop\n"
    )
    assert units.existing("windlass-shop.*@*") == [UNIT]
