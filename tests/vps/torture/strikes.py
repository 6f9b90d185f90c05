"""The mishaps: how each strikes, and what the world does about it afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.processes import Running, wait_until
from tests.vps import mishaps
from tests.vps.apps.tiny import Deployed

STOPPED = 40.0
"""Seconds for which a stopped sshd stands still."""

_SESSION = "pgrep -f '^sshd: deploy' || true"
_AGENT = "pgrep -u deploy -f '^python3 -u -c ' || true"


@dataclass(frozen=True)
class Mishap:
    """`strike` says whether there was anything to strike; `heal` ends it, given when it struck (monotonic).

    `kills_agent`: what it left is put right by the next command; where the host goes `off`, by itself after the boot,
    which is what `heal` does: visitors come again once it answers.
    """

    strike: Callable[[Deployed, Running], bool]
    heal: Callable[[Deployed, float], None] = lambda app, struck: None
    kills_agent: bool = False
    off: bool = False


def wait_for_agents(app: Deployed, timeout: float) -> None:
    """Return once nobody holds the lock and no agent is left: one that hears nothing waits for a minute."""
    mishaps.wait_until_free(app, timeout)
    wait_until(lambda: not app.vps.run(_AGENT).stdout, timeout, "an agent does not end", 0.1)


def _kill_client(app: Deployed, command: Running) -> bool:
    alive = command.alive
    command.kill()
    return alive


def _interrupt_client(app: Deployed, command: Running) -> bool:
    alive = command.alive
    command.interrupt()
    return alive


def _signal(app: Deployed, which: str, name: str) -> bool:
    """Signal the processes that a shell text lists; whether there was one."""
    return bool(app.vps.run(f"for pid in $({which}); do kill -{name} $pid && echo $pid; done || true").stdout)


def _kill_agent(app: Deployed, command: Running) -> bool:
    return _signal(app, _AGENT, "KILL")


def _kill_session(app: Deployed, command: Running) -> bool:
    return _signal(app, _SESSION, "KILL")


def _stop_session(app: Deployed, command: Running) -> bool:
    return _signal(app, _SESSION, "STOP")


def _continue_session(app: Deployed, struck: float) -> None:
    time.sleep(max(0.0, struck + STOPPED - time.monotonic()))
    _signal(app, _SESSION, "CONT")


def _kill_step(app: Deployed, command: Running) -> bool:
    group = mishaps.holder(app).get("group")
    return bool(group) and app.vps.run(f"kill -9 -- -{group}", check=False).exit_code == 0


def _cut_line(app: Deployed, command: Running) -> bool:
    app.vps.cut_network(drop=True, port=22)
    return command.alive


def _restore_line(app: Deployed, struck: float) -> None:
    time.sleep(max(0.0, struck + STOPPED - time.monotonic()))
    app.vps.restore_network()


def _reboot(app: Deployed, command: Running) -> bool:
    app.vps.run("systemctl reboot", check=False)
    app.vps.wait_until_off()
    return True


def _power_cut(app: Deployed, command: Running) -> bool:
    app.vps.kill()
    return True


def _boot(app: Deployed, struck: float) -> None:
    app.vps.boot()


MISHAPS = {
    "client killed": Mishap(_kill_client),
    "Ctrl-C": Mishap(_interrupt_client),
    "agent killed": Mishap(_kill_agent, kills_agent=True),
    "step killed": Mishap(_kill_step),
    "session killed": Mishap(_kill_session),
    "session stopped": Mishap(_stop_session, _continue_session),
    "line silent": Mishap(_cut_line, _restore_line),
    "reboot": Mishap(_reboot, _boot, kills_agent=True, off=True),
    "power cut": Mishap(_power_cut, _boot, kills_agent=True, off=True),
}
