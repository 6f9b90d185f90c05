"""The hosts that are struck: the tiny app on each, and beside it an app of somebody else's in the same pm2."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.operator import Operator
from tests.support.processes import Completed, Running, wait_until
from tests.vps.apps.tiny import Deployed
from tests.vps.hosts.factory import VpsFactory
from tests.vps.hosts.machine import Image, Vps
from windlass.config.files import load
from windlass.facts.services import Services
from windlass.plans.setup.services import recovery
from windlass.shell import Command

NEIGHBOUR = "neighbour"
_SERVER = """\
import { createServer } from "node:http";
createServer((_, answer) => answer.end("a neighbour of " + process.pid)).listen(4000, "127.0.0.1");
"""
SETTINGS = {
    "health": {"start_timeout": 4},
    "soak": {"seconds": 1},
    "web": {"drain": 1, "kill_timeout": 1},
}
"""A soak and a start that leave time to be struck in, and no more."""


class Hosts:
    """So many hosts with the same release live, and their operator; fresh ones after `give_up`."""

    def __init__(
        self, factory: VpsFactory, image: Image, operator: Operator, commits: dict[str, str], count: int
    ) -> None:
        self._factory, self._image, self._operator, self._commits = factory, image, operator, commits
        self._count = count
        self.apps: list[Deployed] = []

    def take(self) -> bool:
        """See that there are hosts; whether they are fresh."""
        if self.apps:
            return False
        for _ in range(self._count):
            app = Deployed(self._factory.boot(self._image), self._operator, self._commits)
            app.configure(**SETTINGS)
            app.wait_until_up()
            _settle_neighbour(app.vps)
            _install_recovery(app)
            self.apps.append(app)
        return True

    def give_up(self) -> None:
        """End the hosts that there are."""
        while self.apps:
            self.apps.pop().vps.kill()

    def start(self, task: str, *arguments: str) -> Running:
        return self._operator.start(task, "-H", ",".join(app.host for app in self.apps), *arguments)

    def fab(self, task: str, *arguments: str) -> Completed:
        return self.start(task, *arguments).wait(150)

    def deploy(self, commit: str) -> Completed:
        return self.fab("deploy", "--revision", self._commits[commit])

    def commit(self, name: str) -> str:
        """The hash of one of the app's commits."""
        return self._commits[name]

    def each(self, look: Callable[[Deployed], str]) -> list[str]:
        return [look(app) for app in self.apps]


def neighbour(vps: Vps) -> str:
    """What the neighbour's app answers, its pid in it."""
    return vps.run("curl -sS --max-time 5 http://127.0.0.1:4000/", check=False).stdout


def _settle_neighbour(vps: Vps) -> None:
    vps.write("/srv/neighbour/server.mjs", _SERVER, owner="deploy")
    vps.run(f"pm2 -s start /srv/neighbour/server.mjs --name {NEIGHBOUR} && pm2 -s save", user="deploy")
    wait_until(lambda: "a neighbour" in neighbour(vps), 20, "the neighbour does not answer", 0.1)


def _install_recovery(app: Deployed) -> None:
    """What `setup` installs, for the app to put itself right after a boot."""
    nothing = Services(frozenset(), frozenset(), {})
    step = recovery(load(app.operator.config_folder, "tiny"), nothing, node="/usr/local/bin", folders=())
    assert isinstance(step.action, Command)
    app.vps.run(step.action.text)
