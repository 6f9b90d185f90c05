"""Prompthub for tests: its configuration, and an image of a server where its first version is live."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.apps.history import build_prompthub
from tests.support.operator import Operator
from tests.support.processes import Completed, Running
from tests.vps.images import DATABASE_URL
from tests.vps.machine import Image, Vps

if TYPE_CHECKING:
    from tests.vps.conftest import VpsFactory

ROOT = "/srv/prompthub"
REPOSITORY = "/srv/git/prompthub.git"
PAGES = ("/", "/api/health")
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


def prepare(factory: VpsFactory, operator: Operator, folder: Path) -> Prepared:
    """Deploy the first version on a fresh host, for good; `operator` gets the configuration."""
    repository = folder / "prompthub.git"
    commits = build_prompthub(repository)
    names = ("package.json", "package-lock.json")
    image = factory.with_npm_cache({name: show(repository, "migration", name) for name in names})
    host = factory.boot(image)
    host.put(repository, REPOSITORY, owner="deploy")
    host.write(f"{ROOT}/shared/.env", ENV, owner="deploy", mode=0o600)
    operator.know(host.address, host.host_key)
    operator.config("prompthub", CONFIG)
    operator.fab("nginx.install", "-H", f"root@{host.address}").check()
    operator.fab("deploy", "--revision", "first", "-H", f"deploy@{host.address}").check()
    return Prepared(factory.freeze(host), commits)


def show(repository: Path, commit: str, path: str) -> str:
    """The text of a file in a commit."""
    command = ["git", "-C", str(repository), "show", f"{commit}:{path}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
