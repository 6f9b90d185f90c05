"""The tiny app on a host: deployed once a session and frozen, so that a test starts from it in seconds.

`deployed` is a host of the test's own. `unharmed` is one that tests share that leave it as it was: a bad
release, a refused command. Both have `first` (0001, kept) and `change` (0002, live on blue).
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.apps.history import build_tiny
from tests.support.operator import Operator
from tests.support.processes import Completed, Running, wait_until
from tests.vps.hosts.factory import VpsFactory
from tests.vps.hosts.images import DATABASE_URL, made_by_windlass
from tests.vps.hosts.machine import Image, Vps
from tests.vps.hosts.network import Slot

ROOT = "/srv/tiny"
REPOSITORY = "/srv/git/tiny.git"
SECRETS = {
    "PLAIN_SECRET": "correct-horse-battery",
    "QUOTED_SECRET": """a $HOME of "quotes"; $(id) & `ticks` | 100% #1""",
    "APOSTROPHE_SECRET": "it's the captain's own",
}
ENV = "".join(f"{name}={value!r}\n" for name, value in SECRETS.items())
"""What shared/.env holds, among it what a careless shell would spoil."""

BUILD_SECONDS = 4
"""How long slow_build and slow_install take."""
PAGES = 20
"""How many pages fails_under_traffic serves."""

MIGRATED = "/home/deploy/migrated"
MIGRATING: dict[str, dict[str, Any]] = {
    "build": {"generate": "true"},
    "database": {"kind": "prisma", "command": f"curl --version migrate && touch {MIGRATED}"},
}
"""A database whose migration is a command of the config's, and leaves a mark at its end; run with --force."""

BUILDS_AT_ONCE = {"install": "true", "generate": "true", "command": "node build.mjs"}
"""The table [build] for tests that have nothing to do with building: no npm, which takes a second of CPU each."""

SETTINGS: dict[str, dict[str, Any]] = {
    "app": {"name": "tiny", "repository": REPOSITORY},
    "build": {"verify": ["dist/index.html"], "cache": []},
    "web": {"script": "server.mjs", "kill_timeout": 1, "drain": 1},
    "health": {
        "start_timeout": 8, "min_healthy": 0.5, "min_healthy_known": 0.2, "timeout": 2, "revision": "commit",
    },
    "soak": {"seconds": 0.5},
    "nginx": {"assets_url": "/assets/", "assets_from": "dist/assets"},
    "limits": {"disk_free_mb": 100, "memory_free_mb": 50},
}  # fmt: skip


def config_text(**tables: dict[str, Any]) -> str:
    """The tiny app's config file with these keys set; `targets__production={…}` is [targets.production]."""
    merged = {name: {**SETTINGS.get(name, {}), **tables.get(name, {})} for name in [*SETTINGS, *tables]}
    lines = []
    for name, table in merged.items():
        lines.append(f"[{name.replace('__', '.')}]")
        # What JSON and TOML share is all that is needed here.
        lines += [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    return "\n".join([*lines, ""])


class Deployed:
    """A host with the tiny app, the operator who looks after it, and the hashes of its commits by name."""

    def __init__(self, vps: Vps, operator: Operator, commits: dict[str, str]) -> None:
        self.vps, self.operator, self.commits = vps, operator, commits
        self.host = f"deploy@{vps.address}"
        self.url = f"http://{vps.address}"
        operator.know(vps.address, vps.host_key)
        self.configure()

    def configure(self, **tables: dict[str, Any]) -> None:
        """Write the config anew: `SETTINGS` with these keys set."""
        self.operator.config("tiny", config_text(**tables))

    def fab(self, task: str, *arguments: str, user: str = "deploy") -> Completed:
        """Run a task against the host."""
        return self.operator.fab(task, "-H", f"{user}@{self.vps.address}", *arguments)

    def start(self, task: str, *arguments: str) -> Running:
        """Start a task against the host and return while it runs."""
        return self.operator.start(task, "-H", self.host, *arguments)

    def deploy(self, commit: str, *options: str) -> Completed:
        """Deploy one of the app's commits, by its name."""
        return self.fab("deploy", "--revision", self.commits[commit], *options)

    def live(self) -> str:
        """The name of the commit that visitors get."""
        commit = self.health()["commit"]
        return next((name for name, known in self.commits.items() if known == commit), commit)

    def health(self) -> dict[str, Any]:
        """What the app's health answers through nginx: status, commit, pid."""
        found: dict[str, Any] = json.loads(self.get("/api/health"))
        return found

    def page(self) -> str:
        """The page that visitors get."""
        return self.get("/")

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.url + path, timeout=5) as response:
            return str(response.read().decode())

    def current(self) -> str:
        """The release that `current` points at."""
        return Path(self.vps.run(f"readlink {ROOT}/current").stdout.strip()).name

    def releases(self) -> list[str]:
        """What is in releases/, half-made ones too."""
        return sorted(self.vps.run(f"ls -A {ROOT}/releases").stdout.split())

    def ledger(self) -> list[dict[str, Any]]:
        """All of its records, those of rotated files too; right after that there is no other file."""
        folder = self.vps.path(ROOT)
        files = [*sorted(folder.glob("ledger/*.jsonl")), *folder.glob("ledger.jsonl")]
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    def pm2(self) -> dict[str, str]:
        """What pm2 runs for deploy: the status by name."""
        listed = json.loads(self.vps.run("pm2 -s jlist", user="deploy").stdout)
        return {process["name"]: process["pm2_env"]["status"] for process in listed}

    def saved(self) -> list[str]:
        """The names that pm2 would bring back after a reboot."""
        return sorted(process["name"] for process in json.loads(self.vps.read("/home/deploy/.pm2/dump.pm2")))

    def wait_until_up(self, timeout: float = 20) -> None:
        """Return once visitors are answered, as after a boot."""

        def up() -> bool:
            try:
                return bool(self.page())
            except OSError:
                return False

        wait_until(up, timeout, f"{self.url} does not answer")

    def give_database(self) -> None:
        """Have `.env` name the host's database, into which `MIGRATING` has not migrated."""
        self.vps.write(f"{ROOT}/shared/.env", f"{ENV}DATABASE_URL={DATABASE_URL!r}\n")
        self.vps.run(f"rm -f {MIGRATED}")

    def leftovers(self) -> list[str]:
        """What a command that changed nothing would not have left; empty on a host as the image has it."""
        found = {
            "the live release": self.live() == "change",
            "current": self.current() == self._id(2, "change"),
            "releases": self.releases() == [self._id(1, "first"), self._id(2, "change")],
            "pm2": self.pm2() == {"tiny-blue": "online"},
            "pm2's dump": self.saved() == ["tiny-blue"],
            "flags": set(self.vps.run(f"ls {ROOT}/run").stdout.split()) == RUN_FILES,
            "a lock": '"pid"' not in self.vps.read(f"{ROOT}/lock"),
            "ports": self.vps.run("ss -Htln 'sport = 3001'").stdout == "",
            "processes": self.processes() == "",
        }
        return [name for name, fine in found.items() if not fine]

    def processes(self) -> str:
        """The command lines of deploy that are neither pm2's, nor the app's or a neighbour's, nor a login's."""
        expected = r"God Daemon|server\.mjs|blog\.js|sshd|systemd|\(sd-pam\)|ps -|grep"
        return self.vps.run(f"ps -o pid=,args= -u deploy | grep -vE '{expected}' || true").stdout

    def _id(self, number: int, commit: str) -> str:
        return f"{number:04d}-{self.commits[commit][:7]}"


RUN_FILES = {
    "agent.pyz", "blue.config.js", "blue.json", "green.config.js", "green.off", "maintenance.html", "node-path",
    "slot-blue", "tiny-blue-0.pid",
}  # fmt: skip
"""What is in run/ while blue is live and nothing else goes on."""


@pytest.fixture(scope="session")
def tiny_commits(vps_slot: object, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The tiny app's repository on this machine, and the hash of each commit by its name."""
    repository = tmp_path_factory.mktemp("tiny") / "tiny.git"
    return repository, build_tiny(
        repository, build_seconds=BUILD_SECONDS, install_seconds=BUILD_SECONDS, pages=PAGES
    )


def make_ready(slot: Slot, base: Image, commits: tuple[Path, dict[str, str]], operator: Operator) -> Image:
    """A host that has what the first deploy of the tiny app needs: repository, `.env`, nginx's site."""
    repository, hashes = commits

    def prepare(vps: Vps) -> None:
        vps.authorize(operator.public_key)
        vps.boot()
        vps.put(repository, REPOSITORY, owner="deploy")
        vps.run(f"install -d -o deploy -g deploy {ROOT} {ROOT}/shared")
        vps.write(f"{ROOT}/shared/.env", ENV, owner="deploy", mode=0o600)
        Deployed(vps, operator, hashes).fab("nginx.install", user="root").check()

    return made_by_windlass(slot, base, "tiny-ready", prepare, config_text(), ENV, *hashes.values())


def make_deployed(slot: Slot, ready: Image, commits: dict[str, str], operator: Operator) -> Image:
    """The same with `first` deployed, and then `change`."""

    def prepare(vps: Vps) -> None:
        vps.authorize(operator.public_key)
        app = Deployed(vps.boot(), operator, commits)
        app.deploy("first").check()
        app.deploy("change").check()

    return made_by_windlass(slot, ready, "tiny-deployed", prepare)


@pytest.fixture(scope="session")
def ready_image(
    vps_images: VpsFactory, tiny_commits: tuple[Path, dict[str, str]], operator_session: Operator
) -> Image:
    return make_ready(vps_images.slot, vps_images.base, tiny_commits, operator_session)


@pytest.fixture(scope="session")
def deployed_image(
    vps_images: VpsFactory,
    ready_image: Image,
    tiny_commits: tuple[Path, dict[str, str]],
    operator_session: Operator,
) -> Image:
    return make_deployed(vps_images.slot, ready_image, tiny_commits[1], operator_session)


@pytest.fixture
def ready(
    vps_factory: VpsFactory, ready_image: Image, operator: Operator, tiny_commits: tuple[Path, dict[str, str]]
) -> Deployed:
    """A host of one's own on which nothing was ever deployed."""
    return Deployed(vps_factory.boot(ready_image), operator, tiny_commits[1])


@pytest.fixture
def deployed(
    vps_factory: VpsFactory,
    deployed_image: Image,
    operator: Operator,
    tiny_commits: tuple[Path, dict[str, str]],
) -> Deployed:
    """A host of one's own, with `change` live and `first` kept."""
    app = Deployed(vps_factory.boot(deployed_image), operator, tiny_commits[1])
    app.wait_until_up()
    return app


class Shared:
    """The host that tests share as long as each leaves it as it was."""

    def __init__(self, factory: VpsFactory, image: Image) -> None:
        self._factory, self._image = factory, image
        self._vps: Vps | None = None

    def host(self) -> Vps:
        self._vps = self._vps or self._factory.boot(self._image)
        return self._vps

    def give_up(self) -> None:
        """Have the next test begin with a fresh one."""
        if self._vps is not None:
            self._vps.kill()
            self._vps = None


@pytest.fixture(scope="module")
def bench(vps_images: VpsFactory, deployed_image: Image) -> Iterator[Shared]:
    """A host for the tests of one module."""
    shared = Shared(vps_images, deployed_image)
    yield shared
    shared.give_up()


@pytest.fixture(scope="session")
def shared_host(vps_images: VpsFactory, deployed_image: Image) -> Shared:
    return Shared(vps_images, deployed_image)


@pytest.fixture
def unharmed(
    shared_host: Shared, operator: Operator, tiny_commits: tuple[Path, dict[str, str]]
) -> Iterator[Deployed]:
    """A host with `change` live, shared with other tests: at the end of each it must be as it was."""
    app = Deployed(shared_host.host(), operator, tiny_commits[1])
    app.wait_until_up()
    yield app
    left = app.leftovers()
    if left:
        shared_host.give_up()
    assert not left, f"not as before: {', '.join(left)}"
