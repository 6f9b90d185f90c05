"""The commands of the rounds: what they need before, and waiting for a moment of one."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from tests.support.processes import Completed, Running, wait_until
from tests.vps import mishaps
from tests.vps.apps.tiny import Deployed
from tests.vps.torture.hosts import Hosts
from tests.vps.torture.rounds import Moment, Round


def prepare(hosts: Hosts, one: Round) -> list[str]:
    """What to give to `fab`; a rollback is given something to go back from."""
    other = mishaps.other_commit(hosts.apps[0])
    if one.command == "rollback":
        hosts.deploy(other).check()
    if one.command in ("rollback", "restart"):
        return [one.command]
    return ["deploy", "--revision", hosts.commit(one.commit or other)]


def measure(hosts: Hosts) -> dict[str, float]:
    """How long each command usually takes here, in seconds."""
    deploy = hosts.deploy(mishaps.other_commit(hosts.apps[0])).check().seconds
    found = {"deploy": deploy, "bad deploy": deploy}
    return {**found, **{task: hosts.fab(task).check().seconds for task in ("rollback", "restart")}}


def wait_for(moment: Moment, command: Running, app: Deployed, usual: float) -> None:
    """Return at the moment, or when the command has ended before."""
    if moment.stage:
        wait_until(lambda: moment.stage in _stages(command.stdout, app) or not command.alive, 90, "no end")
    until = time.monotonic() + (moment.after if moment.stage else usual * moment.share)
    wait_until(lambda: time.monotonic() >= until or not command.alive, 90, "no end", 0.005)


def stage_of(command: Completed, app: Deployed) -> str:
    """The last stage that the command heard of from the host."""
    return next(reversed([*_stages(command.stdout, app)]), "")


def _stages(output: str, app: Deployed) -> Iterator[str]:
    for line in output.splitlines():
        event = _event(line)
        if event.get("event") == "stepstarted" and event.get("host") == app.host:
            yield str(event["stage"])


def _event(line: str) -> dict[str, Any]:
    """The event of a line; empty for one that is not written to its end."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
