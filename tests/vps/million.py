"""Prompthub with a million rows: enough that a row lost or doubled on the way shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.operator import Operator
from tests.support.processes import wait_until
from tests.vps.images import DATABASE
from tests.vps.machine import Vps
from tests.vps.prompthub import CONFIG, ROOT, Prepared, Server, prepare, shell_word

if TYPE_CHECKING:
    from tests.vps.conftest import VpsFactory

ROWS = 1_000_000

_FILL = f"""
INSERT INTO "Search" (query, results, at)
    SELECT 'sails and rigging ' || n, n % 97, timestamp '2026-01-01' + n * interval '1 second'
    FROM generate_series(1, {ROWS}) AS n;
ANALYZE;
CHECKPOINT;
"""

_SUMS = r"""
SET timezone TO 'UTC';
SELECT format('SELECT %L, count(*) || '' '' || coalesce(sum(hashtextextended(t::text, 0)), 0) FROM %I.%I AS t',
    tablename, schemaname, tablename)
FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY tablename \gexec
"""

BootMillion = Callable[[Operator], Server]


def fill(host: Vps) -> None:
    """Give the table Search its million rows; Prompt keeps its three, since every page lists them all."""
    _psql(host, DATABASE, _FILL)


def sums(host: Vps, database: str = DATABASE) -> dict[str, str]:
    """Rows, and a sum over their contents, of every table of a database."""
    rows = _psql(host, database, _SUMS).splitlines()
    return dict(row.split("|", 1) for row in rows)


def _psql(host: Vps, database: str, text: str) -> str:
    psql = f"runuser -u postgres -- psql -XAtq -v ON_ERROR_STOP=1 -d {shell_word(database)}"
    return host.run(f"cd / && {psql} <<'SQL'\n{text}\nSQL", timeout=120).stdout.strip()


@pytest.fixture(scope="session")
def million_image(
    vps_images: VpsFactory, operator_session: Operator, tmp_path_factory: pytest.TempPathFactory
) -> Prepared:
    """A host on which Prompthub's first version is live, with a million rows."""
    operator = Operator(tmp_path_factory.mktemp("million"), key_of=operator_session)
    prepared = prepare(vps_images, operator, tmp_path_factory.mktemp("million-repository"))
    host = vps_images.boot(prepared.image)
    fill(host)
    return Prepared(vps_images.freeze(host), prepared.commits)


@pytest.fixture(scope="module")
def million(
    vps_images: VpsFactory, million_image: Prepared, operator_session: Operator
) -> Iterator[BootMillion]:
    """Boots such hosts, each for an operator, who gets Prompthub's configuration; they end with the module."""
    from tests.vps.conftest import VpsFactory  # which imports this module

    factory = VpsFactory(vps_images.slot, vps_images.base, operator_session.public_key)

    def boot(operator: Operator) -> Server:
        host = factory.create(million_image.image)
        host.small_disk(ROOT, 8 << 30)  # in memory: this app has many thousand files
        host.boot()
        operator.know(host.address, host.host_key)
        operator.config("prompthub", CONFIG)
        answers = f"curl --fail --silent --max-time 5 http://{host.address}/api/health"
        wait_until(lambda: host.run(answers, check=False).exit_code == 0, 30, "the app does not come up", 0.1)
        return Server(host, operator, million_image.commits)

    yield boot
    factory.close()


@pytest.fixture(scope="module")
def million_server(
    million: BootMillion, operator_session: Operator, tmp_path_factory: pytest.TempPathFactory
) -> Server:
    """One such host, shared by the tests of a module."""
    folder: Path = tmp_path_factory.mktemp("operator")
    return million(Operator(folder, key_of=operator_session))
