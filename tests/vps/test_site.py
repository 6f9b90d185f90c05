"""The site against the config, and what visitors are in the middle of while a deploy cuts over."""

from __future__ import annotations

import http.client
import json
import threading
import time

from tests.support.load import Load
from tests.vps.apps.tiny import ROOT, Deployed

OLD_SITE = "sed -i '/X-Windlass-Slot/d; /_shown)/d; /@.*_again;/d' /etc/nginx/conf.d/tiny.conf"
"""Take from the site what an earlier Windlass did not write: nginx then shows no slot that is asked for."""


def test_changed_ports_without_their_site_are_refused_before_the_build(deployed: Deployed) -> None:
    deployed.configure(web={"ports": [3000, 4001]})
    with Load(deployed.url, rate=50) as load:
        for attempt in (deployed.deploy("third"), deployed.fab("rollback"), deployed.fab("restart")):
            assert attempt.exit_code != 0
            assert "nginx sends green to 127.0.0.1:3001, and the config has 127.0.0.1:4001" in attempt.output
            assert "start on" not in attempt.output
        load.keep_on(0.5)
    load.report.check()
    assert len(deployed.releases()) == 2

    deployed.configure(web={"ports": [4000, 3001]})
    taken = deployed.fab("nginx.install", user="root")
    assert taken.exit_code != 0
    assert "visitors are served by blue" in taken.output
    assert deployed.live() == "change"

    deployed.configure(web={"ports": [3000, 4001]})
    with Load(deployed.url, rate=50) as load:
        deployed.fab("nginx.install", user="root").check()
        deployed.deploy("third").check()
        load.wait_for_release(deployed.commits["third"])
    load.report.check()


def test_an_app_whose_site_is_of_an_earlier_windlass_is_deployed_and_says_so(deployed: Deployed) -> None:
    deployed.vps.run(f"{OLD_SITE} && nginx -t && systemctl reload nginx")
    done = deployed.deploy("third").check()
    assert "whether nginx reaches green is not known" in done.output
    assert deployed.live() == "third"
    deployed.fab("nginx.install", user="root").check()
    assert "is not known" not in deployed.fab("restart").check().output


def test_an_upload_that_trickles_in_across_a_deploy_is_answered(deployed: Deployed) -> None:
    upload = http.client.HTTPConnection(deployed.vps.address, timeout=30)
    upload.putrequest("POST", "/api/health")
    upload.putheader("Content-Length", "100000")
    upload.endheaders(b"x" * 50_000)
    over, trickled = threading.Event(), 50_000

    def deploy() -> None:
        deployed.deploy("third").check()
        over.set()

    running = threading.Thread(target=deploy)
    running.start()
    while not over.is_set() and trickled < 99_000:
        upload.send(b"x")
        trickled += 1
        time.sleep(0.05)
    running.join()
    assert over.is_set()
    assert deployed.pm2() == {"tiny-green": "online"}
    upload.send(b"x" * (100_000 - trickled))
    answer = upload.getresponse()
    assert (answer.status, json.loads(answer.read())["commit"]) == (200, deployed.commits["third"])


def test_an_asset_that_releases_share_stays_for_its_days_after_the_last_of_them(deployed: Deployed) -> None:
    vps, assets = deployed.vps, f"{ROOT}/assets/assets"
    assert f"{ROOT}/releases/" in vps.run(f"ls -d {ROOT}/releases/0002*").stdout
    shared = vps.run(f"cd {ROOT}/releases/0002*/dist/assets && ls").stdout.split()
    # As it is where the first release that had them was pruned: a file of its own, as old as that.
    for name in shared:
        vps.run(f"cd {assets} && cp {name} alone && mv alone {name} && touch -d '40 days ago' {name}")
    vps.run(f"touch -d '40 days ago' {assets}/of-long-ago.js && chown -R deploy: {assets}")
    deployed.deploy("third").check()
    kept = vps.run(f"ls {assets}").stdout.split()
    assert set(shared) <= set(kept)
    assert "of-long-ago.js" not in kept
    vps.run(f"touch -d '40 days ago' {assets}/*")
    deployed.fab("rollback").check()
    assert vps.run(f"find {assets} -name {shared[0]} -mtime -1").stdout


def test_a_watch_that_cannot_see_says_so_and_so_does_status(deployed: Deployed) -> None:
    assert "would not see" not in deployed.fab("status").check().output
    log = deployed.vps.run(
        "sed -n 's/.*access_log \"*\\([^\" ]*\\).*/\\1/p' /etc/nginx/conf.d/tiny.conf"
    ).stdout
    deployed.vps.run(f"chown root: {log.strip()} && chmod 600 {log.strip()}")
    told = f"{log.strip()}: Permission denied: `sudo usermod -aG adm deploy`"
    assert f"a deploy would not see what visitors get: {told}" in " ".join(
        deployed.fab("status").output.split()
    )
    done = deployed.deploy("third").check()
    assert f"5xx answers are not counted: {told}" in " ".join(done.output.split())
    assert deployed.live() == "third"
    assert any("are not counted" in text for text in deployed.ledger()[-1]["warnings"])

    deployed.vps.run(f"chmod 644 {log.strip()}")
    assert "are not counted" not in deployed.fab("restart").check().output
