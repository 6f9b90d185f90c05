"""The tiny app under either supervisor, on hosts that setup made ready; each is shared by the tests of a module."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.support.operator import Operator
from tests.support.processes import wait_until
from tests.vps.apps.tiny import ROOT, SETTINGS, Deployed
from tests.vps.hosts.factory import VpsFactory
from tests.vps.hosts.images import made_by_windlass
from tests.vps.hosts.machine import Image, Vps

Supervisor = Literal["pm2", "systemd"]
SUPERVISORS: tuple[Supervisor, Supervisor] = ("pm2", "systemd")
APP_USER = "tiny-app"


class Supervised(Deployed):
    """A host where what is started next is the supervisor's."""

    def __init__(self, vps: Vps, operator: Operator, commits: dict[str, str], supervisor: Supervisor) -> None:
        self.supervisor = supervisor
        super().__init__(vps, operator, commits)

    def configure(self, **tables: dict[str, Any]) -> None:
        web = {**SETTINGS["web"], "supervisor": self.supervisor, **tables.pop("web", {})}
        super().configure(web=web, **tables)

    def setup(self) -> str:
        """Have root bring what the configuration needs; what was said."""
        return self.fab("setup", user="root").check().output

    def running(self) -> list[str]:
        """What each supervisor has running, as SLOT or SLOT-TYPE; with "systemd:" before what the other one has."""
        lines = self.vps.run(
            "systemctl list-units --plain --no-legend 'windlass-tiny.*@*'"
        ).stdout.splitlines()
        units = [line.split()[0] for line in lines if " running " in line]
        of_systemd = sorted(map(_spoken, units))
        of_pm2 = sorted(
            name.removeprefix("tiny-") for name, status in self.pm2().items() if status == "online"
        )
        own, others = (of_pm2, of_systemd) if self.supervisor == "pm2" else (of_systemd, of_pm2)
        return [*own, *(f"elsewhere: {one}" for one in others)]

    def slot(self) -> str:
        return "green" if self.vps.exists(f"{ROOT}/run/green") else "blue"

    def alone(self) -> bool:
        """Whether the live slot's web process runs, and nothing else."""
        return self.running() == [self.slot()]

    def wait_until_alone(self, timeout: float = 20) -> None:
        wait_until(self.alone, timeout, lambda: f"there run {self.running()}, and {self.slot()} is live")


def _spoken(unit: str) -> str:
    kind, _, instance = unit.removeprefix("windlass-tiny.").partition("@")
    slot, number, _ = instance.split(".")
    return "-".join(filter(None, [slot, "" if kind == "web" else kind, "" if number == "1" else number]))


Commits = tuple[Path, dict[str, str]]
Images = Callable[[Supervisor], Image]


@pytest.fixture(scope="session")
def supervised_image(
    vps_images: VpsFactory, ready_image: Image, tiny_commits: Commits, operator_session: Operator
) -> Images:
    """A host that setup made ready for a supervisor, with `first` deployed, and then `change`."""

    def make(supervisor: Supervisor) -> Image:
        def prepare(vps: Vps) -> None:
            vps.authorize(operator_session.public_key)
            app = Supervised(vps.boot(), operator_session, tiny_commits[1], supervisor)
            app.setup()
            app.deploy("first").check()
            app.deploy("change").check()

        return made_by_windlass(vps_images.slot, ready_image, f"tiny-under-{supervisor}", prepare)

    return make
