"""Several web processes in a slot: each must be well, all serve, and their number may change under load."""

from __future__ import annotations

import json
from typing import Any

from tests.support.load import Load
from tests.support.processes import wait_until
from tests.vps.apps.tiny import Deployed


def serving(app: Deployed) -> set[str]:
    """The web processes that run, by the supervisor's names."""
    return {name for name, status in app.pm2().items() if status == "online"}


def listening(app: Deployed) -> list[int]:
    """The app's ports on which somebody listens."""
    found = app.vps.run("ss -Htln 'sport >= :3000 and sport <= :3199' | sed 's/.*:\\([0-9]*\\) .*:.*/\\1/'")
    return sorted(map(int, found.stdout.split()))


def several(app: Deployed, instances: int | str, **env: str) -> None:
    app.configure(web={"ports": [3000, 3100], "instances": instances}, **({"web__env": env} if env else {}))


def install(app: Deployed) -> None:
    app.fab("nginx.install", user="root").check()


def status(app: Deployed) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(app.fab("status", "--json").check().stdout)
    return found


def test_several_web_processes_serve_and_their_number_follows_the_configuration(deployed: Deployed) -> None:
    # More of them: the site first, while one of three runs; then the deploy.
    several(deployed, 3)
    with Load(deployed.url, rate=50, linger=0.5) as load:
        install(deployed)
        load.keep_on(0.5)
        deployed.deploy("third").check()
        load.wait_for_release(deployed.commits["third"])
    load.report.check()
    assert serving(deployed) == {"tiny-green", "tiny-green_1", "tiny-green_2"}
    assert listening(deployed) == [3100, 3101, 3102]
    seen = status(deployed)
    assert [row["url"] for row in seen["health"][:3]] == [
        f"http://127.0.0.1:{port}/api/health" for port in (3100, 3101, 3102)
    ]
    assert all(row["ok"] for row in seen["health"])
    assert {row["name"] for row in seen["processes"]} == serving(deployed)
    assert seen["warnings"] == []

    # One of three that never gets well keeps the release from its visitors.
    several(deployed, 3, SICK_PORT="3002")
    with Load(deployed.url, rate=50) as load:
        refused = deployed.fab("restart")
    load.report.check()
    assert refused.exit_code == 1, refused
    assert "port 3002: not healthy" in refused.output
    assert listening(deployed) == [3100, 3101, 3102]

    # One that dies is no loss either: nginx asks the others until it is back.
    several(deployed, 3)
    with Load(deployed.url, rate=50) as load:
        died = {row["name"]: row["pid"] for row in status(deployed)["processes"]}["tiny-green_1"]
        deployed.vps.run(f"kill -9 {died}")
        wait_until(lambda: listening(deployed) == [3100, 3101, 3102], 10, "it did not come back")
    load.report.check()

    # Fewer: a deploy before the site is refused, a rollback is not, and starts as many as the configuration says.
    several(deployed, 2)
    refused = deployed.deploy("third")
    assert refused.exit_code == 1
    assert (
        "nginx shares green's visitors among 3, and [web] instances is 2: fab nginx.install" in refused.output
    )
    assert "start on" not in refused.output
    with Load(deployed.url, rate=50, linger=0.5) as load:
        deployed.fab("rollback").check()
        load.wait_for_release(deployed.commits["change"])
        install(deployed)
        load.keep_on(0.5)
    load.report.check()
    assert serving(deployed) == {"tiny-blue", "tiny-blue_1"}
    assert listening(deployed) == [3000, 3001]


def test_the_cores_are_counted_and_a_stop_and_a_boot_know_all_of_them(deployed: Deployed) -> None:
    cores = int(deployed.vps.run("nproc").stdout)
    assert cores > 1
    blue, green = (list(range(first, first + cores)) for first in (3000, 3100))
    several(deployed, "cpus")
    install(deployed)
    changed = deployed.fab("deploy", "--revision", deployed.commits["change"]).check()
    assert "[web] instances" in changed.output
    assert listening(deployed) == green
    again = deployed.fab("deploy", "--revision", deployed.commits["change"]).check()
    assert "nothing to do" in again.output
    assert status(deployed)["warnings"] == []

    deployed.fab("emergency-stop").check()
    assert listening(deployed) == []
    deployed.fab("emergency-resume").check()
    assert listening(deployed) == green

    # More, with the site first: those that do not run yet are passed over, for a POST too.
    several(deployed, cores + 2)
    install(deployed)
    answers = deployed.vps.run(
        "for _ in $(seq 20); do curl -s -o /dev/null -w '%{http_code} ' -d x http://127.0.0.1/api/health; done"
    )
    assert set(answers.stdout.split()) == {"200"}

    deployed.fab("restart").check()
    assert listening(deployed) == [*blue, blue[-1] + 1, blue[-1] + 2]
    deployed.vps.power_cycle()
    deployed.wait_until_up()
    wait_until(lambda: len(listening(deployed)) == cores + 2, 20, "not all of them are back")
    assert status(deployed)["warnings"] == []
