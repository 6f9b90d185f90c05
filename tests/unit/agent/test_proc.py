"""What /proc is asked, against real sockets and processes."""

from __future__ import annotations

import ast
import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.ports import free_port
from tests.support.processes import wait_until
from tests.unit.agent.apps import Apps
from windlass.agent import occupant, proc

AGENT = Path(proc.__file__).parent


@pytest.fixture
def listen() -> Iterator[Callable[[str, int], socket.socket]]:
    with ExitStack() as stack:

        def start(address: str, port: int) -> socket.socket:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            opened = stack.enter_context(socket.socket(family))
            if family == socket.AF_INET6:
                opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, address == "::1")
            opened.bind((address, port))
            opened.listen()
            return opened

        yield start


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "::", "::1", "127.0.0.2"])
def test_a_listener_is_found_on_any_address(
    listen: Callable[[str, int], socket.socket], address: str
) -> None:
    port = free_port()
    listen(address, port)
    (found,) = proc.listeners(port)
    assert (found.address, found.port, found.uid) == (address, port, os.getuid())
    assert proc.holders([found.inode]) == {found.inode: {os.getpid()}}
    assert bool(proc.answering([found])) == (address not in ("::1", "127.0.0.2"))


def test_the_listener_that_the_kernel_prefers_answers(listen: Callable[[str, int], socket.socket]) -> None:
    port = free_port()
    listen("::1", port)
    listen("127.0.0.1", port)
    assert [one.address for one in proc.answering(proc.listeners(port))] == ["127.0.0.1"]


def test_nobody_listens_on_a_free_port() -> None:
    assert proc.listeners(free_port()) == []


def test_a_connection_counts_at_its_server_end_only(listen: Callable[[str, int], socket.socket]) -> None:
    server = listen("127.0.0.1", free_port())
    port = server.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)) as client:
        accepted, _ = server.accept()
        assert proc.established(port) == 1
        assert proc.established(client.getsockname()[1]) == 1
        accepted.close()
    wait_until(lambda: proc.established(port) == 0, 5, "still established")


def test_a_connection_over_v6_counts_too(listen: Callable[[str, int], socket.socket]) -> None:
    port = free_port()
    listen("::", port)
    with socket.create_connection(("127.0.0.1", port)):
        wait_until(lambda: proc.established(port) == 1, 5, "not established")


def test_a_process_is_itself_until_it_ends() -> None:
    child = subprocess.Popen(["sleep", "60"])
    try:
        before = proc.process(child.pid)
        assert before is not None
        assert before == proc.process(child.pid)
        assert proc.parent(child.pid) == os.getpid()
        assert proc.lineage(child.pid)[:2] == [child.pid, os.getpid()]
        assert child.pid in proc.families()[os.getpid()]
        assert proc.program(child.pid) == f"sleep (pid {child.pid})"
    finally:
        child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert proc.process(child.pid) is None, "a zombie does not run"
    child.wait()
    assert proc.process(child.pid) is None
    assert proc.parent(child.pid) is None


def test_a_process_may_have_brackets_and_spaces_in_its_name(tmp_path: Path) -> None:
    odd = tmp_path / "a) R (b"
    odd.symlink_to("/bin/sleep")
    child = subprocess.Popen([odd, "60"])
    try:
        wait_until(lambda: proc.name(child.pid) == odd.name, 5, "not started")
        assert proc.parent(child.pid) == os.getpid()
    finally:
        child.kill()
        child.wait()


def test_pid_files_name_running_processes_only(tmp_path: Path) -> None:
    (tmp_path / "a-0.pid").write_text(f"{os.getpid()}\n")
    (tmp_path / "b-0.pid").write_text("4194304999")
    (tmp_path / "c-0.pid").write_text("")
    found = proc.from_pid_files([f"{tmp_path}/?-[0-9]*.pid", f"{tmp_path}/none.pid"])
    assert found == [proc.process(os.getpid())]


def test_a_listener_that_cannot_be_seen_is_named_by_its_owner(apps: Apps) -> None:
    app = apps.start(hidden=True).wait_until_listening()
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            if os.getuid() == 0:
                os.setuid(65534)
            finding = occupant.look(occupant.Expected(app.port, str(app.folder)))
            os.write(writer, f"{finding.foreign} {finding.problem}".encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    said = os.read(reader, 1000).decode()
    owner = pwd.getpwuid(os.getuid()).pw_name
    assert said == f"True port {app.port} is held by a process of user {owner} that cannot be seen from here"


@pytest.mark.parametrize("module", sorted(AGENT.glob("*.py")), ids=lambda path: path.name)
def test_the_agent_is_python_3_9_with_the_standard_library_only(module: Path) -> None:
    tree = ast.parse(module.read_text(), feature_version=(3, 9))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            outside = {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            outside = {(node.module or "").partition(".")[0]}
        else:
            continue
        assert outside <= sys.stdlib_module_names | {"__future__"}, f"{module.name}: {outside}"
