"""Prompthub for tests: its configuration, and an image of a server where its first version is live."""

from __future__ import annotations

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.apps.history import build_prompthub
from tests.support.operator import Operator
from tests.support.processes import Completed, Running, wait_until
from tests.vps.hosts.factory import VpsFactory
from tests.vps.hosts.images import DATABASE_URL, made_by_windlass
from tests.vps.hosts.machine import Image, Vps

ROOT = "/srv/prompthub"
REPOSITORY = "/srv/git/prompthub.git"
DATABASES = "/var/lib/postgresql"
SECRET = "shall not be printed: $HOME 'quoted' #1"

CONFIG = f"""\
[app]
name = "prompthub"
repository = "{REPOSITORY}"
[web]
drain = 10
kill_timeout = 5
[health]
revision = "commit"
start_timeout = 20
min_healthy = 1
min_healthy_known = 0.3
[soak]
seconds = 2
[database]
kind = "prisma"
[shared]
required = ["DATABASE_URL"]
[limits]
disk_free_mb = 100
memory_free_mb = 100
[[contacts]]
role = "On call"
contact = "+00 000 000000"
"""

ENV = f"""\
DATABASE_URL="{DATABASE_URL}"
SESSION_SECRET={SECRET!r}
"""


@dataclass(frozen=True)
class Prepared:
    """An image with the first version live, and the hash of each commit of its repository by name."""

    image: Image
    commits: dict[str, str]


@dataclass(frozen=True)
class Server:
    """One host with Prompthub, and the operator who deploys to it."""

    host: Vps
    operator: Operator
    commits: dict[str, str]

    def fab(self, *arguments: str, timeout: float = 200) -> Completed:
        """Run `fab … -H deploy@host`."""
        return self.operator.fab(*arguments, "-H", f"deploy@{self.host.address}", timeout=timeout)

    def start(self, *arguments: str) -> Running:
        """Start `fab … -H deploy@host` and return while it runs."""
        return self.operator.start(*arguments, "-H", f"deploy@{self.host.address}")

    def deploy(self, commit: str, *options: str) -> Completed:
        """Deploy a commit by its name in the history."""
        return self.fab("deploy", "--revision", commit, *options)

    @property
    def url(self) -> str:
        return f"http://{self.host.address}"

    @property
    def live(self) -> str:
        """The id of the release that `current` names."""
        return self.host.path(f"{ROOT}/current").name

    def sql(self, query: str) -> str:
        """Ask the database as its administrator; the rows as psql prints them, without a last newline."""
        command = f"cd / && runuser -u postgres -- psql -XAtq -d prompthub -c {shell_word(query)}"
        return self.host.run(command).stdout.strip()

    @contextmanager
    def held_migration(self) -> Iterator[None]:
        """Have the slow statement of slow_migration last as long as this context, by a pg_sleep of our own."""
        self.sql(_HELD_SLEEP)
        try:
            yield
        finally:
            self.sql("DELETE FROM public.hold")

    @property
    def migrates(self) -> bool:
        """Whether the slow statement runs."""
        active = "state = 'active' AND pid <> pg_backend_pid() AND query LIKE '%pg_sleep%'"
        return self.sql(f"SELECT count(*) FROM pg_stat_activity WHERE {active}") != "0"


_HELD_SLEEP = """
CREATE TABLE IF NOT EXISTS public.hold (n integer);
GRANT SELECT ON public.hold TO public;
INSERT INTO public.hold VALUES (1);
CREATE OR REPLACE FUNCTION public.pg_sleep(integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN WHILE EXISTS (SELECT FROM public.hold) LOOP PERFORM pg_catalog.pg_sleep(0.05); END LOOP; END $$
"""


def shell_word(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


@pytest.fixture(scope="session")
def prompthub_image(vps_images: VpsFactory, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """A host on which the first version is live; the workers of a run share it."""
    folder = tmp_path_factory.mktemp("prompthub-image")
    repository = folder / "prompthub.git"
    commits = build_prompthub(repository)
    names = ("package.json", "package-lock.json")
    base = vps_images.with_npm_cache({name: show(repository, "migration", name) for name in names})

    def deploy_first(host: Vps) -> None:
        operator = Operator(folder)
        host.authorize(operator.public_key)
        host.boot()
        host.put(repository, REPOSITORY, owner="deploy")
        host.write(f"{ROOT}/shared/.env", ENV, owner="deploy", mode=0o600)
        operator.know(host.address, host.host_key)
        operator.config("prompthub", CONFIG)
        operator.fab("nginx.install", "-H", f"root@{host.address}").check()
        operator.fab("deploy", "--revision", "first", "-H", f"deploy@{host.address}").check()

    parts = (CONFIG, ENV, *commits.values())
    return Prepared(made_by_windlass(vps_images.slot, base, "prompthub", deploy_first, *parts), commits)


class PrompthubHosts:
    """Boots hosts from an image with Prompthub, each with an operator of its own, and ends them all at `close`."""

    def __init__(
        self,
        images: VpsFactory,
        prepared: Prepared,
        operator_session: Operator,
        folders: pytest.TempPathFactory,
    ) -> None:
        self._factory = type(images)(images.slot, images.base, operator_session.public_key)
        self._prepared, self._key_of, self._folders = prepared, operator_session, folders

    def boot(self) -> Server:
        """A host whose app answers; its operator has the configuration."""
        operator = Operator(self._folders.mktemp("operator"), key_of=self._key_of)
        host = self._factory.create(self._prepared.image)
        for folder in (ROOT, DATABASES):
            host.small_disk(folder, 8 << 30)  # in memory: this app has many thousand files
        host.boot()
        operator.know(host.address, host.host_key)
        operator.config("prompthub", CONFIG)
        server = Server(host, operator, self._prepared.commits)
        wait_until(lambda: status(server) == 200, 30, "the app does not come up after the boot", 0.1)
        return server

    def close(self) -> None:
        self._factory.close()


@pytest.fixture(scope="module")
def prompthub_hosts(
    vps_images: VpsFactory,
    prompthub_image: Prepared,
    operator_session: Operator,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[PrompthubHosts]:
    """Boots hosts on which the first version is live; they end with the module."""
    hosts = PrompthubHosts(vps_images, prompthub_image, operator_session, tmp_path_factory)
    yield hosts
    hosts.close()


def status(server: Server, path: str = "/api/health") -> int:
    """The status that a visitor gets; 0 for no answer."""
    return answer(server, path)[0]


def answer(server: Server, path: str = "/api/health") -> tuple[int, dict[str, str], str]:
    """Status, headers by lower-case name, and body that a visitor gets."""
    try:
        with urllib.request.urlopen(server.url + path, timeout=5) as found:
            return found.status, {k.lower(): v for k, v in found.headers.items()}, found.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, {k.lower(): v for k, v in refused.headers.items()}, refused.read().decode()
    except OSError:
        return 0, {}, ""


def health(server: Server) -> dict[str, str]:
    found: dict[str, str] = json.loads(answer(server)[2])
    return found


def page(server: Server) -> str:
    return answer(server, "/")[2]


def show(repository: Path, commit: str, path: str) -> str:
    """The text of a file in a commit."""
    command = ["git", "-C", str(repository), "show", f"{commit}:{path}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
