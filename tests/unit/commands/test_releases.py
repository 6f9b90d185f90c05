"""Snapshots and what becomes of them, on real folders with a real rsync."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests.unit.bash import bash
from windlass.commands import releases
from windlass.layout import TOP, Layout
from windlass.shell import Command, all_of

REVISION = "c" * 40
FIRST, SECOND, THIRD = "0001-aaaaaaa", "0002-bbbbbbb", "0003-ccccccc"
BUILT = {
    ".git/HEAD": "ref",
    ".git/refs/remotes/origin/node_modules/x": "a branch of that name",
    ".git/windlass-install": "stamp 1\n",
    "server.js": "serve",
    ".next/BUILD_ID": "build 1",
    ".next/server/page.js": "page",
    ".next/cache/webpack/node_modules/big": "cache",
    ".next/static/chunks/main-1a2b.js": "asset 1",
    "node_modules/next/index.js": "next",
    "node_modules/next/node_modules/deep/index.js": "deep",
    "packages/a:b/node_modules/own/index.js": "own",
    "packages/-c/node_modules/own/index.js": "own",
}


class Server:
    """An app's root with a built workspace, and the texts run on it."""

    def __init__(self, root: Path, subfolder: PurePosixPath = TOP) -> None:
        self.root = root
        self.layout = Layout(PurePosixPath(root), subfolder)
        for folder in ("workspace", "releases", "shared", "assets", "logs", "run"):
            (root / folder).mkdir(parents=True)
        self.write("workspace", BUILT)

    def write(self, folder: str, files: dict[str, str]) -> None:
        for name, text in files.items():
            place = self.root / folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)

    def snapshot(self, release: str, *, like: str | None = None) -> Path:
        self.run(releases.snapshot(self.layout, release, cache=[".next/cache"], like=like))
        return Path(self.layout.partial(release))

    def finish(self, release: str, **shared: Any) -> Path:
        chosen = {"files": [".env"], "dirs": [], **shared}
        self.run(releases.finish(self.layout, release, REVISION, **chosen))
        return Path(self.layout.release(release))

    def release(self, release: str, *, like: str | None = None) -> Path:
        self.snapshot(release, like=like)
        return self.finish(release)

    def run(self, command: Command) -> None:
        bash(command).check()


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path / "it's")


def same_file(one: Path, other: Path) -> bool:
    return one.stat().st_ino == other.stat().st_ino


def test_a_snapshot_holds_what_was_built_without_git_and_caches(server: Server) -> None:
    partial = server.snapshot(FIRST)
    found = {str(path.relative_to(partial)) for path in partial.rglob("*") if path.is_file()}
    assert found == {name for name in BUILT if not name.startswith((".git/", ".next/cache/"))}


def test_a_snapshot_starts_from_nothing_whatever_an_earlier_one_left(server: Server) -> None:
    server.write(f"releases/.{FIRST}.partial", {"stale": "", "server.js": "stale"})
    partial = server.snapshot(FIRST)
    assert not (partial / "stale").exists()
    assert (partial / "server.js").read_text() == "serve"


def test_a_snapshot_has_no_releases_name_until_it_is_whole(server: Server) -> None:
    server.snapshot(FIRST)
    assert [path.name for path in (server.root / "releases").iterdir()] == [f".{FIRST}.partial"]
    server.finish(FIRST)
    assert [path.name for path in (server.root / "releases").iterdir()] == [FIRST]


def test_modules_are_shared_with_the_release_that_was_installed_alike_and_all_else_is_copied(
    server: Server,
) -> None:
    first = server.release(FIRST)
    second = server.release(SECOND, like=FIRST)
    third = server.release(THIRD)
    for name in BUILT:
        if not (second / name).exists():
            continue
        assert same_file(first / name, second / name) == ("node_modules/" in name), name
        assert not same_file(second / name, third / name)
        assert not same_file(second / name, server.root / "workspace" / name)


def test_what_a_running_release_writes_into_itself_reaches_no_other(server: Server) -> None:
    first = server.release(FIRST)
    second = server.release(SECOND, like=FIRST)
    with (second / ".next/server/page.js").open("a") as page:
        page.write(" written while it ran")
    server.write("workspace", {"node_modules/next/index.js": "generated in place"})
    for release in (first, second):
        assert (release / "node_modules/next/index.js").read_text() == "next"
    assert (first / ".next/server/page.js").read_text() == "page"


def test_a_module_that_has_changed_is_copied_though_the_stamp_is_the_same(server: Server) -> None:
    first = server.release(FIRST)
    server.write("workspace", {"node_modules/next/index.js": "generated anew"})
    second = server.release(SECOND, like=FIRST)
    assert (first / "node_modules/next/index.js").read_text() == "next"
    assert (second / "node_modules/next/index.js").read_text() == "generated anew"


def test_modules_that_are_gone_from_the_workspace_are_gone_from_the_release(server: Server) -> None:
    server.release(FIRST)
    (server.root / "workspace/node_modules/next/index.js").unlink()
    second = server.release(SECOND, like=FIRST)
    assert not (second / "node_modules/next/index.js").exists()


def test_a_release_tells_its_revision_and_what_it_was_installed_under(tmp_path: Path) -> None:
    server = Server(tmp_path, PurePosixPath("packages/web"))
    server.write("workspace/packages/web", {"server.js": ""})
    release = server.release(FIRST)
    for folder in (release, release / "packages/web"):
        assert (folder / "REVISION").read_text() == f"{REVISION}\n"
    assert (release / ".windlass-install").read_text() == "stamp 1\n"


def test_a_release_without_a_finished_install_has_no_stamp(server: Server) -> None:
    (server.root / "workspace/.git/windlass-install").unlink()
    assert not (server.release(FIRST) / ".windlass-install").exists()


def test_a_release_that_is_there_is_never_written_over(server: Server) -> None:
    first = server.release(FIRST)
    server.write("workspace", {"server.js": "other"})
    server.snapshot(FIRST)
    failed = bash(releases.finish(server.layout, FIRST, REVISION, files=[], dirs=[]))
    assert failed.exit_code != 0
    assert (first / "server.js").read_text() == "serve"


def test_shared_files_and_folders_are_linked_absolutely_and_win_over_the_repositorys(server: Server) -> None:
    server.write("shared", {".env": "SECRET=1", "uploads/photo": "photo"})
    server.write("workspace", {".env": "SAMPLE=1", "uploads/sample": "", "public/keep": ""})
    server.snapshot(FIRST)
    release = server.finish(FIRST, files=[".env", "config/missing.json"], dirs=["uploads", "public/made"])
    assert (release / ".env").readlink() == server.root / "shared/.env"
    assert (release / "uploads").readlink() == server.root / "shared/uploads"
    assert (server.root / "workspace/uploads/sample").exists()
    assert not (release / "config").exists()
    assert (release / "public/keep").exists()


def test_folders_that_releases_share_are_made_where_they_are_missing(server: Server) -> None:
    server.write("shared", {"uploads/photo": "photo"})
    server.run(releases.make_shared_dirs(server.layout, ["uploads", "data/it's"]))
    assert (server.root / "shared/data/it's").is_dir()
    assert (server.root / "shared/uploads/photo").exists()
    assert releases.make_shared_dirs(server.layout, []).text == ""


@pytest.mark.parametrize(("subfolder", "nested"), [("", ""), ("apps/web", "apps/web"), ("apps/web", "")])
def test_a_standalone_build_gets_what_next_leaves_beside_it(
    tmp_path: Path, subfolder: str, nested: str
) -> None:
    server = Server(tmp_path, PurePosixPath(subfolder))
    inner = PurePosixPath(".next/standalone", nested)
    build = {f"{inner}/server.js": "", f"{inner}/.next/BUILD_ID": "", f"{inner}/.env": "COPY=1"}
    server.write(f"workspace/{subfolder}", {**build, "public/logo.svg": "", ".next/static/a.js": ""})
    server.write("shared", {".env": "SECRET=1", "uploads/photo": "photo"})
    partial = server.snapshot(FIRST) / subfolder
    server.run(releases.complete_standalone(server.layout, FIRST, shared=[".env", "uploads"]))
    assert (partial / inner / "public/logo.svg").exists()
    assert (partial / inner / ".next/static/a.js").exists()
    for name in (".env", "uploads"):  # the standalone server works in its own folder
        assert (partial / inner / name).readlink() == server.root / "shared" / name


def test_a_build_that_is_not_standalone_is_left_as_it_is(server: Server) -> None:
    partial = server.snapshot(FIRST)
    before = sorted(partial.rglob("*"))
    server.run(releases.complete_standalone(server.layout, FIRST, shared=[".env"]))
    assert sorted(partial.rglob("*")) == before


def test_old_assets_stay_reachable_beside_the_new_ones(server: Server) -> None:
    server.release(FIRST)
    publish(server, FIRST)
    (server.root / "workspace/.next/static/chunks/main-1a2b.js").unlink()
    server.write("workspace", {".next/static/chunks/main-3c4d.js": "asset 2"})
    server.release(SECOND)
    publish(server, SECOND)
    chunks = server.root / "assets/_next/static/chunks"
    assert {path.name: path.read_text() for path in chunks.iterdir()} == {
        "main-1a2b.js": "asset 1",
        "main-3c4d.js": "asset 2",
    }


def test_an_asset_that_is_there_is_not_touched(server: Server) -> None:
    server.release(FIRST)
    publish(server, FIRST)
    asset = server.root / "assets/_next/static/chunks/main-1a2b.js"
    before = asset.stat().st_ino
    server.release(SECOND)
    publish(server, SECOND)
    assert asset.stat().st_ino == before


def test_an_app_without_assets_publishes_none(server: Server) -> None:
    server.release(FIRST)
    server.run(releases.publish_assets(server.layout, FIRST, source="dist/assets", url="/assets/"))
    assert list((server.root / "assets").iterdir()) == []


def publish(server: Server, release: str) -> None:
    server.run(releases.publish_assets(server.layout, release, source=".next/static", url="/_next/static/"))


def test_current_is_never_missing_while_it_moves(server: Server) -> None:
    seen: list[str] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            try:
                seen.append(str((server.root / "current").readlink()))
            except FileNotFoundError:
                seen.append("missing")

    server.run(releases.publish(server.layout, FIRST))
    watcher = threading.Thread(target=watch)
    watcher.start()
    moves = [releases.publish(server.layout, release) for release in (SECOND, FIRST)] * 25
    server.run(all_of(*moves))
    done.set()
    watcher.join()
    assert set(seen) == {f"releases/{FIRST}", f"releases/{SECOND}"}


def test_a_release_is_removed_under_another_name(server: Server) -> None:
    server.release(FIRST)
    server.run(releases.remove(server.layout, FIRST))
    server.run(releases.remove(server.layout, FIRST))
    assert list((server.root / "releases").iterdir()) == []


def test_what_is_left_of_a_removal_is_removed_with_the_next(server: Server) -> None:
    server.release(FIRST)
    server.snapshot(FIRST)
    server.run(releases.remove(server.layout, FIRST))
    assert list((server.root / "releases").iterdir()) == []


def test_pruning_removes_the_named_releases_and_what_only_they_needed(server: Server) -> None:
    for release in (FIRST, SECOND):
        server.write("workspace", {f".next/static/{release}.js": release})
        server.release(release, like=FIRST if release == SECOND else None)
        publish(server, release)
        (server.root / f"workspace/.next/static/{release}.js").unlink()
    assets = server.root / "assets/_next/static"
    long_ago(assets / f"{FIRST}.js", assets / f"{SECOND}.js")
    server.run(releases.prune(server.layout, [FIRST], assets_days=30))
    assert [path.name for path in (server.root / "releases").iterdir()] == [SECOND]
    assert (server.root / "releases" / SECOND / "node_modules/next/index.js").read_text() == "next"
    assert not (assets / f"{FIRST}.js").exists()  # old, and of no kept release
    assert (assets / f"{SECOND}.js").exists()  # old, and a kept release's
    assert (assets / "chunks/main-1a2b.js").exists()


def test_an_asset_of_a_removed_release_stays_for_its_days(server: Server) -> None:
    server.release(FIRST)
    publish(server, FIRST)
    server.run(releases.prune(server.layout, [FIRST], assets_days=1))
    assert (server.root / "assets/_next/static/chunks/main-1a2b.js").exists()


def test_an_asset_goes_by_its_last_use_and_not_by_its_birth(server: Server) -> None:
    for release in (FIRST, SECOND):
        server.release(release)
        publish(server, release)
    assets = server.root / "assets/_next/static"
    chunk, other = assets / "chunks/main-1a2b.js", assets / "gone-9f9f.js"
    other.write_text("of a release of long ago")
    use = releases.use_assets(server.layout, [SECOND], source=".next/static", url="/_next/static/")
    prune = releases.prune(server.layout, [FIRST], assets_days=30)
    long_ago(chunk, other)
    server.run(all_of(use, prune))
    assert (chunk.exists(), other.exists()) == (True, False)
    server.run(releases.prune(server.layout, [SECOND], assets_days=30))
    assert chunk.exists()  # used a moment ago, though no release has it any more

    chunk.unlink()
    server.release(SECOND)
    server.run(use)
    assert chunk.exists()


def test_a_release_without_assets_uses_none(server: Server) -> None:
    server.run(releases.use_assets(server.layout, [FIRST, SECOND], source="dist/a's", url="/a/"))


def test_pruning_removes_the_logs_of_old_runs_and_never_the_apps_own(server: Server) -> None:
    runs = ["20200101-120000-deploy-1", "20990101-120000-deploy-2", "app"]
    server.write("logs", {f"{run}/01-build.log": "" for run in runs})
    long_ago(server.root / "logs" / runs[0], server.root / "logs/app")
    server.run(releases.prune(server.layout, [], assets_days=30))
    assert sorted(path.name for path in (server.root / "logs").iterdir()) == sorted(runs[1:])


def test_tidying_removes_what_was_cut_off_and_nothing_else(server: Server) -> None:
    server.release(FIRST)
    server.snapshot(SECOND)
    server.write("workspace.partial", {"x": ""})
    server.write("run", {"green": "", "slot-blue.next": "", "blue.config.js.next": "", "blue.config.js": ""})
    (server.root / "current.next").symlink_to("releases/0009-fffffff")
    server.run(all_of(releases.tidy(server.layout), releases.tidy(server.layout)))
    assert sorted(path.name for path in server.root.iterdir()) == [
        "assets", "logs", "releases", "run", "shared", "workspace",
    ]  # fmt: skip
    assert [path.name for path in (server.root / "releases").iterdir()] == [FIRST]
    assert sorted(path.name for path in (server.root / "run").iterdir()) == ["blue.config.js", "green"]


def long_ago(*paths: Path) -> None:
    then = time.time() - 40 * 24 * 3600
    for path in paths:
        os.utime(path, (then, then))
