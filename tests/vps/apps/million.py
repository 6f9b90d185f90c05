"""Prompthub with a million rows: enough that a row lost or doubled on the way shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.cache import digest
from tests.support.operator import Operator
from tests.vps.apps.prompthub import Prepared, PrompthubHosts, Server, shell_word
from tests.vps.hosts.factory import VpsFactory
from tests.vps.hosts.images import A_RUN, DATABASE, layered
from tests.vps.hosts.machine import Vps

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
def million_image(vps_images: VpsFactory, prompthub_image: Prepared) -> Prepared:
    """A host on which Prompthub's first version is live, with a million rows; the workers of a run share it."""

    def prepare(host: Vps) -> None:
        host.boot()
        fill(host)

    key = digest(*map(str, prompthub_image.image.layers), _FILL)
    image = layered(vps_images.slot, prompthub_image.image, "million", key, prepare, unused=A_RUN)
    return Prepared(image, prompthub_image.commits)


@pytest.fixture(scope="module")
def million_server(
    vps_images: VpsFactory,
    million_image: Prepared,
    operator_session: Operator,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """One such host, shared by the tests of a module."""
    hosts = PrompthubHosts(vps_images, million_image, operator_session, tmp_path_factory)
    yield hosts.boot()
    hosts.close()
