"""The real npm: an install on top of another leaves what a clean one would, or is a clean one."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.node import npm_environment
from tests.support.processes import Completed, run
from windlass.commands import packages
from windlass.shell import Command

CI = packages.install("npm", locked=True, corepack=False)
CHANGE = packages.changed("npm", CI, "package-lock.json", corepack=False)

ALPHA = {"index.js": "1", "lib/old.js": "gone in 2"}
PACKS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "alpha-1.0.0": (ALPHA, {}),
    "alpha-1.0.0-again": ({**ALPHA, "index.js": "!"}, {}),
    "alpha-2.0.0": ({"index.js": "2", "lib/new.js": "new in 2"}, {}),
    "beta-1.0.0": ({"cli.js": "#!/usr/bin/env node\n"}, {"alpha": "^1.0.0"}),
    "gamma-1.0.0": ({"index.js": "g"}, {}),
}
"""Per archive, its files and what it depends on; beta has a program too."""

Tree = Mapping[str, str]
"""Folders below node_modules, with the archive that is unpacked in each."""
ALPHA_1: Tree = {"alpha": "alpha-1.0.0"}
BOTH: Tree = {"alpha": "alpha-1.0.0", "beta": "beta-1.0.0"}
NESTED: Tree = {"alpha": "alpha-2.0.0", "beta": "beta-1.0.0", "beta/node_modules/alpha": "alpha-1.0.0"}
SERIES: dict[str, Tree] = {
    "a package": ALPHA_1,
    "added, with a program": BOTH,
    "upgraded, and the old one kept for another": NESTED,
    "downgraded": BOTH,
    "the same version, made anew": {**BOTH, "alpha": "alpha-1.0.0-again"},
    "removed": {"alpha": "alpha-1.0.0-again"},
    "all others": {"gamma": "gamma-1.0.0"},
    "all at once": {**NESTED, "gamma": "gamma-1.0.0"},
}


class Workspace:
    """A checkout with a lock file, and npm at work in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "packs").mkdir(parents=True)
        for name in PACKS:
            _pack(folder / "packs" / f"{name}.tgz", name)
        (folder / ".gitignore").write_text("node_modules\n")
        self._git("init", "--quiet")

    def commit(self, tree: Tree, **package: Any) -> None:
        """A revision that asks for this tree; `package` is put into package.json alone."""
        direct = {name: f"file:packs/{pack}.tgz" for name, pack in tree.items() if "/" not in name}
        about = {"name": "shop", "version": "1.0.0", "dependencies": direct}
        entries = {f"node_modules/{place}": self._entry(pack) for place, pack in sorted(tree.items())}
        lock = {
            "name": "shop", "version": "1.0.0", "lockfileVersion": 3, "requires": True,
            "packages": {"": about, **entries},
        }  # fmt: skip
        self.write("package.json", {**about, **package})
        self.write("package-lock.json", lock)
        self.commit_all()

    def commit_all(self) -> None:
        """Commit what is there."""
        self._git("add", "--all")
        self._git("-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "--quiet", "--message=x")

    def write(self, name: str, value: object) -> None:
        (self.folder / name).write_text(json.dumps(value, indent=2) + "\n")

    def npm(self, command: Command) -> Completed:
        env = {**npm_environment(), "HOME": str(self.folder.parent)}
        return run(["bash", "-euo", "pipefail", "-c", str(command)], env=env, cwd=self.folder, timeout=60)

    def mark(self) -> None:
        """Leave a file that only a clean install removes."""
        (self.folder / "node_modules/.mark").touch()

    @property
    def marked(self) -> bool:
        return (self.folder / "node_modules/.mark").exists()

    @property
    def clean(self) -> bool:
        """Whether no file of the commit was changed."""
        return not self._git("status", "--porcelain").stdout

    def hashes(self) -> dict[str, str]:
        """Path, mode and content of what is below node_modules; a folder that was emptied may stay."""
        return {
            str(path.relative_to(self.folder)): _hash(path)
            for path in sorted((self.folder / "node_modules").rglob("*"))
            if path.name != ".mark" and not (path.is_dir() and not any(path.iterdir()))
        }

    def _entry(self, pack: str) -> dict[str, Any]:
        digest = hashlib.sha512((self.folder / f"packs/{pack}.tgz").read_bytes()).digest()
        about = {key: value for key, value in _manifest(pack).items() if key in ("dependencies", "bin")}
        return {
            "version": pack.split("-")[1],
            "resolved": f"file:packs/{pack}.tgz",
            "integrity": f"sha512-{base64.b64encode(digest).decode()}",
            **about,
        }

    def _git(self, *words: str) -> Completed:
        return run(["git", *words], cwd=self.folder).check()


def _manifest(pack: str) -> dict[str, Any]:
    name, version = pack.split("-")[:2]
    found: dict[str, Any] = {"name": name, "version": version}
    if PACKS[pack][1]:
        found["dependencies"] = PACKS[pack][1]
    return {**found, "bin": {name: "cli.js"}} if "cli.js" in PACKS[pack][0] else found


def _pack(place: Path, name: str) -> None:
    with tarfile.open(place, "w:gz") as archive:
        for path, text in {**PACKS[name][0], "package.json": json.dumps(_manifest(name))}.items():
            entry = tarfile.TarInfo(f"package/{path}")
            entry.size, entry.mode = len(text.encode()), 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))


def _hash(path: Path) -> str:
    if path.is_symlink():
        return f"link to {path.readlink()}"
    content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    return f"{path.stat().st_mode:o} {content}"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "one/shop")


def test_a_series_of_changes_leaves_each_time_what_a_clean_install_does(
    workspace: Workspace, tmp_path: Path
) -> None:
    beside = Workspace(tmp_path / "two/shop")
    for number, (title, tree) in enumerate(SERIES.items()):
        workspace.commit(tree)
        workspace.npm(CHANGE if number else CI).check()
        beside.commit(tree)
        beside.npm(CI).check()
        assert workspace.hashes() == beside.hashes(), title
        assert workspace.marked == bool(number), title
        assert workspace.clean, title
        workspace.mark()


@pytest.mark.parametrize("settings", ["", "package-lock=false\nsave=false\n"])
def test_a_lock_file_out_of_step_fails_as_it_does_cleanly(workspace: Workspace, settings: str) -> None:
    (workspace.folder / ".npmrc").write_text(settings)
    workspace.commit(ALPHA_1)
    workspace.npm(CI).check()
    forgotten = {"alpha": "file:packs/alpha-1.0.0.tgz", "gamma": "file:packs/gamma-1.0.0.tgz"}
    workspace.commit(ALPHA_1, dependencies=forgotten)
    failed = workspace.npm(CHANGE)
    assert failed.exit_code == workspace.npm(CI).exit_code != 0
    assert "package.json and package-lock.json" in failed.stderr
    assert "Missing: gamma@" in failed.stderr
    assert workspace.clean


def test_a_lock_file_that_another_npm_wrote_is_kept_and_gone_by(workspace: Workspace) -> None:
    workspace.commit(ALPHA_1)
    workspace.npm(CI).check()
    workspace.mark()
    workspace.commit(BOTH)
    lock = json.loads((workspace.folder / "package-lock.json").read_text())
    lock["packages"]["node_modules/beta"]["license"] = "none that npm would write"
    workspace.write("package-lock.json", {**lock, "requires": False})
    workspace.commit_all()
    workspace.npm(CHANGE).check()
    assert workspace.marked
    assert workspace.clean
    assert (workspace.folder / "node_modules/beta/cli.js").exists()


def test_a_package_that_is_a_folder_of_the_repository_is_installed_cleanly(workspace: Workspace) -> None:
    workspace.commit(ALPHA_1)
    workspace.npm(CI).check()
    workspace.mark()
    (workspace.folder / "delta").mkdir()
    workspace.write("delta/package.json", {"name": "delta", "version": "1.0.0"})
    direct = {"alpha": "file:packs/alpha-1.0.0.tgz", "delta": "file:delta"}
    workspace.commit(ALPHA_1, dependencies=direct)
    workspace.npm(Command("npm install --package-lock-only --no-audit --no-fund")).check()
    workspace.commit_all()
    workspace.npm(CHANGE).check()
    assert not workspace.marked
    assert (workspace.folder / "node_modules/delta").is_symlink()


def test_an_install_that_fails_on_top_is_made_cleanly(workspace: Workspace) -> None:
    workspace.commit(ALPHA_1)
    workspace.npm(CI).check()
    workspace.mark()
    workspace.commit(BOTH)
    failing = Command(CHANGE.text.replace("npm install", "false npm install", 1))
    workspace.npm(failing).check()
    assert not workspace.marked
    assert (workspace.folder / "node_modules/beta/cli.js").exists()
