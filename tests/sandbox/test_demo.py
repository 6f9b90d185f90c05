"""The demo as a visitor of the project types it, whole, broken off, and kept."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.support import node
from tests.support.cache import cache_home
from tests.support.operator import CHECKOUT, FAB
from tests.support.processes import Running, run
from tests.support.sandbox import missing_tools
from tests.support.terminal import CTRL_C, Terminal
from tests.support.tiers import require
from windlass.demo.acts import ACTS
from windlass.demo.remains import processes_of

FOLDER = re.compile(r"\S+/windlass-demo-\w+")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture(autouse=True)
def _needs() -> None:
    missing = missing_tools()
    require(not missing, f"the demo needs {', '.join(missing)}: make setup")


def environment() -> dict[str, str]:
    """The user's own, where node is that of the tests and pm2 is fetched once for all test runs."""
    path = f"{node.node_home() / 'bin'}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "XDG_CACHE_HOME": str(cache_home()), "TERM": "dumb"}


def folder_in(output: str) -> Path:
    found = FOLDER.search(output)
    assert found, output
    return Path(found[0])


def rows(output: str) -> dict[str, list[str]]:
    """The words of the table's rows after their name, by name."""
    names = [*(act.title for act in ACTS), "in all"]
    table = output[output.index("what  ") :].splitlines()
    return {
        name: line.removeprefix(name).split() for line in table for name in names if line.startswith(name)
    }


def assert_nothing_is_left(output: str) -> None:
    folder = folder_in(output)
    assert processes_of(folder) == []
    assert not folder.exists()


def assert_the_table_is_as_promised(output: str) -> None:
    """Columns: live in, seconds, requests, by page, failed, and what visitors saw."""
    table = rows(output)
    assert list(table) == [*(act.title for act in ACTS), "in all"]
    acts = {name: cells for name, cells in table.items() if name != "in all"}
    assert {name: cells[4] for name, cells in acts.items()} == dict.fromkeys(acts, "0")
    assert all(int(cells[2]) > 20 for cells in acts.values())
    assert {name for name, cells in acts.items() if int(cells[3]) > 0} == {"Emergency stop", "Resume"}
    assert [" ".join(cells[5:]) for cells in acts.values()] == [
        "good",
        "good → better",
        "better",
        "better → good",
        "good → the page",
        "the page → good",
    ]
    live = {name: cells[0] for name, cells in acts.items()}
    assert live["Broken version"] == "–"
    assert float(live["Rollback"]) < float(acts["Rollback"][1])
    assert table["in all"][1:4] == [
        str(sum(int(cells[index]) for cells in acts.values())) for index in (2, 3, 4)
    ]


def test_the_demo_shows_what_it_promises_and_leaves_nothing() -> None:
    done = Running([FAB, "demo"], env=environment(), cwd=CHECKOUT).wait(200).check()

    assert_the_table_is_as_promised(done.stdout)
    assert "answered 500" not in done.stderr
    for act in ACTS:
        assert f"$ fab {act.typed}\n" in done.stdout
        assert f"{act.title}\n" in done.stdout
    assert done.stdout.rstrip().endswith("and none by the broken version.")
    assert_nothing_is_left(done.stdout)


def test_kept_it_can_be_used_from_anywhere_until_it_is_ended(tmp_path: Path) -> None:
    terminal = Terminal([FAB, "demo", "--keep"], env=environment(), cwd=CHECKOUT, columns=80)
    shown = ESCAPES.sub("", terminal.wait(200).check().stdout).replace("\r", "")
    folder = folder_in(shown)
    try:
        assert "★ live after" in shown
        assert all(len(line) <= 80 for line in shown[shown.index("live in") :].splitlines())
        fab, url = folder / "fab", re.search(r"curl (\S+)", shown)
        assert f"  {fab} status\n" in shown
        assert url
        assert run([fab, "deploy", "--revision", "better"], cwd=tmp_path).exit_code == 0
        with urllib.request.urlopen(url[1], timeout=5) as page:
            assert "the second version" in page.read().decode()
        status = run([fab, "status"], cwd=tmp_path).check().stdout
        assert "psutil" not in status
        assert "harbour-" in status
    finally:
        ended = run([FAB, "demo", "--end"], env=environment(), cwd=CHECKOUT).check()
    assert str(folder) in ended.stdout
    assert_nothing_is_left(shown)


@pytest.mark.parametrize("moment", ["2 of 6  Better version", "healthy on port"])
def test_terminated_it_takes_everything_along(moment: str) -> None:
    demo = Running([FAB, "demo"], env=environment(), cwd=CHECKOUT)
    demo.wait_for(moment, 100)
    assert processes_of(folder_in(demo.stdout))

    demo.send(signal.SIGTERM)
    done = demo.wait(60)

    assert done.exit_code == 130
    assert "ended by SIGTERM: nothing of the demo is left running" in done.stderr
    assert "Traceback" not in done.output
    assert_nothing_is_left(done.stdout)


def test_ctrl_c_in_a_terminal_takes_everything_along() -> None:
    demo = Terminal([FAB, "demo"], env=environment(), cwd=CHECKOUT)
    demo.wait_for("healthy on port", 100)

    demo.type(CTRL_C)
    done = demo.wait(60)

    assert done.exit_code == 130
    assert "ended by Ctrl-C" in done.output
    assert "Traceback" not in done.output
    assert_nothing_is_left(ESCAPES.sub("", done.stdout))


def test_it_has_a_server_of_its_own_and_says_so() -> None:
    refused = run([FAB, "demo", "-H", "203.0.113.5"], env=environment(), cwd=CHECKOUT)
    assert refused.exit_code == 2
    assert "a server of its own" in refused.stderr


def test_what_the_machine_lacks_is_named_before_anything_is_started(tmp_path: Path) -> None:
    for name in ("git", "python3", "sh", "env"):
        (tmp_path / name).symlink_to(subprocess.check_output(["which", name], text=True).strip())
    bare = {**environment(), "PATH": str(tmp_path)}
    lacking = run([FAB, "demo"], env=bare, cwd=CHECKOUT)
    assert lacking.exit_code == 1
    assert re.search(r"lacks .*: .*rsync.*; nothing was started", lacking.stderr)
    assert re.search(r"hint: sudo apt-get install .*rsync", lacking.stderr)
    assert "windlass-demo-" not in lacking.output
