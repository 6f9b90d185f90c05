"""What systemd starts a process by: written by a real node from the ecosystem file, run by the real /bin/sh."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.node import node_home
from tests.support.processes import Completed, run
from tests.unit import made
from windlass.config.model import Config
from windlass.plans.texts import Start, ecosystem
from windlass.supervisors import systemd

RELEASE = "0042-aaaaaaa"
ODD = 'it\'s "on" $HOME `id`\nand on'
TELL = "console.log(JSON.stringify([process.cwd(), process.argv.slice(2), process.env]))"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An app's folder with a release whose scripts tell how they were started."""
    release = tmp_path / "releases" / RELEASE
    for folder in (release, tmp_path / "run", tmp_path / "shared", tmp_path / "cache"):
        folder.mkdir(parents=True)
    for name in ("server.js", "worker.js"):
        (release / name).write_text(TELL)
    return tmp_path


def config(root: Path, **tables: object) -> Config:
    group = run(["id", "-gn"]).check().stdout.strip()
    setup = {"app_user": group} if group != "root" else {}
    web = {"supervisor": "systemd", "script": "server.js", **tables.pop("web", {})}
    tables = {"shared": {"files": []}, "build": {"cache": []}, "setup": setup, **tables}
    return made.config(root, web=web, **tables)


def prepare(wanted: Config) -> None:
    """As the start of a slot does, behind its ecosystem file."""
    node = str(node_home() / "bin")
    text = ecosystem(wanted, Start("blue", RELEASE, "a" * 40, "nonce", f"{node}/node"))
    Path(wanted.layout.slot_config("blue")).write_text(text)
    command = systemd.prepare(wanted, "blue", RELEASE, node)
    run(["bash", "-euc", command.text], env={"PATH": f"{node}:/usr/bin:/bin"}).check()


def start(wanted: Config, kind: str = "web", number: int = 1) -> Completed:
    """As systemd does, with an environment of its own."""
    script = wanted.layout.start_script(kind, "blue", number).with_suffix(".script")
    cache = str(Path(wanted.app.root) / "cache")
    return run(["/bin/sh", str(script)], env={"CACHE_DIRECTORY": cache, "HOME": cache})


def test_a_process_is_started_where_and_as_the_configuration_says(root: Path) -> None:
    wanted = config(root, web={"args": [ODD, "--port={port}"], "env": {"FLAG": ODD}})
    prepare(wanted)
    cwd, argv, env = json.loads(start(wanted).check().stdout)
    assert cwd == str(root / "releases" / RELEASE)
    assert argv == [ODD, "--port=3000"]
    assert (env["FLAG"], env["PORT"], env["NODE_ENV"]) == (ODD, "3000", "production")
    assert (env["WINDLASS_RELEASE"], env["WINDLASS_SLOT"]) == (RELEASE, "blue")
    assert env["PATH"].startswith(f"{node_home()}/bin:")


def test_a_program_on_the_path_is_found_as_pm2_finds_it(root: Path) -> None:
    worker = {"script": "echo", "interpreter": "none", "args": ["ship's bell"]}
    wanted = config(root, processes={"worker": worker, "npm": {"script": "npm", "args": ["--version"]}})
    prepare(wanted)
    assert start(wanted, "worker").check().stdout == "ship's bell\n"
    assert start(wanted, "npm").check().stdout.count(".") == 2


def test_each_instance_has_a_script_and_those_of_before_are_gone(root: Path) -> None:
    wanted = config(root, processes={"worker": {"script": "worker.js", "instances": 2, "args": ["a b"]}})
    (root / "run/mailer.blue.1.script").write_text("of before")
    (root / "run/worker.green.1.script").write_text("of the other slot")
    prepare(wanted)
    assert sorted(path.name for path in (root / "run").glob("*.script")) == [
        "web.blue.1.script", "worker.blue.1.script", "worker.blue.2.script", "worker.green.1.script",
    ]  # fmt: skip
    _, argv, env = json.loads(start(wanted, "worker", 2).check().stdout)
    assert (argv, env["NODE_APP_INSTANCE"]) == (["a b"], "1")
    assert "PORT" not in env


def test_what_was_stopped_after_it_was_written_is_not_started_and_a_resume_is(root: Path) -> None:
    wanted = config(root)
    prepare(wanted)
    (root / "run/stopped").touch()
    kept_back = start(wanted)
    assert (kept_back.exit_code, kept_back.stdout) == (199, "not started: the app is stopped\n")
    prepare(wanted)
    start(wanted).check()


def test_a_cache_is_the_apps_own_and_goes_with_its_release(root: Path) -> None:
    wanted = config(root, build={"cache": [".next/cache"]})
    own = root / "releases" / RELEASE / ".next/cache"
    own.mkdir(parents=True)
    old = root / "cache/releases/0001-aaaaaaa"
    old.mkdir(parents=True)
    prepare(wanted)
    assert str(own.readlink()) == f"/var/cache/windlass-shop/releases/{RELEASE}/.next/cache"
    start(wanted).check()
    assert (root / "cache/releases" / RELEASE / ".next/cache").is_dir()
    assert not old.exists()


def test_a_release_with_nothing_to_start_says_so(root: Path) -> None:
    wanted = config(root, web={"script": "auto"})
    (root / "releases" / RELEASE / "server.js").unlink()
    with pytest.raises(AssertionError, match="nothing to start in"):
        prepare(wanted)
