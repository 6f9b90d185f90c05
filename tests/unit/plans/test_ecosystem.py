"""The ecosystem file, read by a real node and started by a real pm2."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.nginx import ask
from tests.support.node import node_home, pm2_home
from tests.support.ports import free_port
from tests.support.processes import Completed, run, wait_until
from windlass.config.model import Config
from windlass.plans.texts import Start, ecosystem

REVISION = "a" * 40
RELEASE = "0042-aaaaaaa"
NEXT = "node_modules/next/dist/bin/next"


def test_the_web_process_is_named_placed_and_told_who_it_is(tmp_path: Path) -> None:
    release = having(tmp_path, "server.js")
    web = apps(config(tmp_path, web={"env": {"FLAG": 'it\'s "on" $HOME', "PORT": "1"}}))[0]
    assert (web["name"], web["namespace"], web["exec_mode"]) == ("shop-green", "shop:green", "fork")
    assert web["cwd"] == str(release)
    assert web["env"] == {
        "NODE_ENV": "production",
        "FLAG": 'it\'s "on" $HOME',
        "PORT": "4001",
        "HOSTNAME": "127.0.0.1",
        "WINDLASS_REVISION": REVISION,
        "WINDLASS_RELEASE": RELEASE,
        "WINDLASS_SLOT": "green",
        "WINDLASS_START": "nonce-1",
    }
    assert web["out_file"] == str(tmp_path / "logs/app/shop-green.out.log")
    assert web["kill_timeout"] == 10_000


@pytest.mark.parametrize(
    ("files", "script", "args"),
    [
        ([".next/standalone/server.js", NEXT, "server.js"], ".next/standalone/server.js", []),
        ([NEXT, "server.js"], NEXT, ["start", "-H", "127.0.0.1", "-p", "4001"]),
        (["server.js"], "server.js", []),
        (["main.mjs", "server.js"], "main.mjs", []),
    ],
)
def test_what_to_start_is_found_in_the_release(
    tmp_path: Path, files: list[str], script: str, args: list[str]
) -> None:
    release = having(tmp_path, *files)
    if "main.mjs" in files:
        (release / "package.json").write_text('{"main": "./main.mjs"}')
    web = apps(config(tmp_path))[0]
    assert (web["script"], web["args"]) == (str(release / script), args)


@pytest.mark.parametrize(
    ("file", "script"),
    [
        ("apps/web/.next/standalone/apps/web/server.js", "apps/web/.next/standalone/apps/web/server.js"),
        (NEXT, NEXT),
        (f"apps/{NEXT}", f"apps/{NEXT}"),
        (f"apps/web/{NEXT}", f"apps/web/{NEXT}"),
    ],
)
def test_an_app_in_a_subfolder_finds_what_its_workspace_shares(
    tmp_path: Path, file: str, script: str
) -> None:
    release = having(tmp_path, file, "apps/web/package.json")
    (release / "apps/web/package.json").write_text("{}")
    web = apps(config(tmp_path, app={"directory": "apps/web"}))[0]
    assert (web["script"], web["cwd"]) == (str(release / script), str(release / "apps/web"))


def test_a_next_outside_of_the_release_is_not_started(tmp_path: Path) -> None:
    having(tmp_path, "README")
    outside = tmp_path / "releases" / NEXT
    outside.parent.mkdir(parents=True)
    outside.touch()
    assert "nothing to start in" in loaded(config(tmp_path)).stderr


def test_a_release_with_nothing_to_start_says_what_was_looked_for(tmp_path: Path) -> None:
    release = having(tmp_path, "README")
    failed = loaded(config(tmp_path))
    assert failed.exit_code != 0
    assert f"nothing to start in {release}: no .next/standalone/server.js" in failed.stderr
    assert "[web] script" in failed.stderr


def test_a_script_of_the_operators_own_gets_its_port(tmp_path: Path) -> None:
    release = having(tmp_path, "bin/serve.mjs")
    settings = {
        "script": "bin/serve.mjs",
        "args": ["--port={port}", "a b"],
        "node_args": ["--max-old-space-size=256"],
    }
    web = apps(config(tmp_path, web=settings))[0]
    assert (web["script"], web["args"]) == (str(release / "bin/serve.mjs"), ["--port=4001", "a b"])
    assert web["node_args"] == ["--max-old-space-size=256"]
    assert web["interpreter"] == "/opt/node/bin/node"


def test_extra_processes_are_beside_the_web_one_and_have_no_port(tmp_path: Path) -> None:
    release = having(tmp_path, "server.js", "worker.mjs")
    processes = {
        "worker": {"script": "worker.mjs", "instances": 2, "env": {"QUEUE": "mail"}, "max_memory": "200M"},
        "beat": {"script": "celery", "interpreter": "none", "args": ["beat"], "kill_timeout": 2.5},
    }
    _, worker, beat = apps(config(tmp_path, processes=processes))
    assert (worker["name"], worker["script"]) == ("shop-green-worker", str(release / "worker.mjs"))
    assert (worker["instances"], worker["max_memory_restart"]) == (2, "200M")
    assert worker["env"]["QUEUE"] == "mail"
    assert worker["env"]["WINDLASS_START"] == "nonce-1"
    assert "PORT" not in worker["env"]
    assert (beat["script"], beat["interpreter"], beat["kill_timeout"]) == ("celery", "none", 2500)
    assert "max_memory_restart" not in beat


@pytest.fixture
def pm2(tmp_path: Path) -> Iterator[Any]:
    environment = {
        "PATH": f"{node_home() / 'bin'}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "PM2_HOME": str(tmp_path / "pm2"),
    }

    def call(*words: str | Path) -> Completed:
        return run([pm2_home() / "bin/pm2", "-s", *words], env=environment, cwd=tmp_path, timeout=60)

    yield call
    call("kill")


def test_pm2_starts_the_web_process_alone_and_then_the_rest(tmp_path: Path, pm2: Any) -> None:
    port = free_port()
    release = having(tmp_path, "server.js", "worker.js")
    (release / "server.js").write_text(
        'require("http").createServer((q, r) => r.end(`${process.cwd()} ${process.env.WINDLASS_START}`))'
        ".listen(process.env.PORT, process.env.HOSTNAME)"
    )
    (release / "worker.js").write_text('console.log("worker up"); setInterval(() => {}, 1000)')
    chosen = config(tmp_path, web={"ports": [port + 1, port]}, processes={"worker": {"script": "worker.js"}})
    file = written(chosen, node=str(node_home() / "bin/node"))

    pm2("start", file, "--only", "shop-green").check()
    wait_until(lambda: answers(port), 10, "the web process did not answer")
    assert ask(port, "/").text == f"{release} nonce-1"
    assert [path.name for path in (tmp_path / "run").glob("*.pid")] == ["shop-green-0.pid"]

    pm2("start", file, "--only", "shop-green-worker").check()
    out = tmp_path / "logs/app/shop-green-worker.out.log"
    wait_until(lambda: out.exists() and "worker up" in out.read_text(), 10, "the worker did not start")
    assert sorted(path.name for path in (tmp_path / "run").glob("*.pid")) == [
        "shop-green-0.pid",
        "shop-green-worker-1.pid",
    ]
    pm2("delete", "shop:green").check()
    assert list((tmp_path / "run").glob("*.pid")) == []


def config(root: Path, **tables: Any) -> Config:
    app = {
        "name": "shop",
        "repository": "git@example.com:shop.git",
        "root": str(root),
        **tables.pop("app", {}),
    }
    web = {"ports": [4000, 4001], **tables.pop("web", {})}
    return Config.model_validate({"app": app, "web": web, **tables})


def having(root: Path, *files: str) -> Path:
    """A release that has these files."""
    release = root / "releases" / RELEASE
    for file in files:
        (release / file).parent.mkdir(parents=True, exist_ok=True)
        (release / file).touch()
    return release


def written(chosen: Config, node: str = "/opt/node/bin/node") -> Path:
    start = Start("green", RELEASE, REVISION, "nonce-1", node=node)
    file = Path(chosen.layout.slot_config("green"))
    file.parent.mkdir(exist_ok=True)
    file.write_text(ecosystem(chosen, start))
    return file


def loaded(chosen: Config) -> Completed:
    show = "console.log(JSON.stringify(require(process.argv[1])))"
    return run([node_home() / "bin/node", "-e", show, written(chosen)])


def apps(chosen: Config) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(loaded(chosen).check().stdout)["apps"]
    return found


def answers(port: int) -> bool:
    try:
        return ask(port, "/").status == 200
    except OSError:
        return False
