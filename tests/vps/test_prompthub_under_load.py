"""The real app under load: nothing else may want the cores, so this file is run by itself."""

from __future__ import annotations

import pytest

from tests.support.load import Load, assets_of
from tests.vps.apps.prompthub import PrompthubHosts, Server, health, page, status

pytestmark = pytest.mark.timeout(900)  # the first test also waits for the image

RATE = 100


@pytest.fixture(scope="module")
def server(prompthub_hosts: PrompthubHosts) -> Server:
    """One host for the tests of this file: each begins by looking at what is live."""
    return prompthub_hosts.boot()


def test_a_deploy_a_refused_deploy_and_a_rollback_under_load_lose_no_request(server: Server) -> None:
    first, change = server.commits["first"], server.commits["change"]
    old_page = page(server)
    with Load(server.url, rate=RATE, linger=2) as load:
        deployed = server.deploy("change")
        load.wait_for_release(change)
        old_assets = {asset: status(server, asset) for asset in assets_of(old_page, "/")}
        refused = server.deploy("answers_500")
        back = server.fab("rollback")
        load.keep_on(1)
    report = load.report
    assert not report.failures, f"{report}\n{server.host.run('tail -n 20 /var/log/nginx/error.log').stdout}"
    assert report.releases.keys() == {first, change}
    assert report.requests > 0.9 * RATE * report.seconds
    assert report.assets > 3 * report.visits, "assets were loaded with the pages"

    assert deployed.exit_code == 0, deployed
    assert set(old_assets.values()) == {200}, f"assets of the first version's page: {old_assets}"
    assert refused.exit_code == 1, refused
    assert "status 500" in refused.stderr
    assert back.exit_code == 0, back
    assert "  build  " not in back.stdout
    assert health(server)["commit"] == first


def test_a_restart_loses_no_request(server: Server) -> None:
    before = server.live
    with Load(server.url, rate=RATE) as load:
        server.fab("restart").check()
        load.keep_on(0.5)
    load.report.check()
    assert server.live == before
