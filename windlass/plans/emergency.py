"""Stopping the app at once, starting it again, and the page that visitors see meanwhile."""

from __future__ import annotations

from windlass import acts
from windlass.config.model import Config
from windlass.facts.state import State
from windlass.plan import Plan, Stage, Step
from windlass.plans import beside, golive
from windlass.plans.cutover import Cutover
from windlass.shell import all_of, cmd, write_file


def stop(config: Config, reason: str) -> Plan:
    """Stop every process of the app, to stay stopped after a reboot; the page is up already."""
    steps = (
        Step(
            "stop the processes", acts.stop(config), timeout=60 + config.web.kill_timeout, interruptible=False
        ),
        Step("save the process list", acts.remember(), interruptible=False),
        Step(
            "see that nothing runs",
            acts.gone(config),
            timeout=60 + config.web.kill_timeout,
            interruptible=False,
            show=True,
        ),
    )
    return Plan(
        f"Stop {config.app.name}",
        (Stage("stop", steps, on_cancel="finish"),),
        recovery=golive.recover(config),
        record={"stopped": True, "reason": reason},
    )


def resume(config: Config, to: Cutover) -> Plan:
    """Start what was live, on its own slot and behind the page; the page goes once it is healthy."""
    layout = config.layout
    opening = [
        golive.through_nginx(config, to),
        *beside.exclusive(config, to),
        Step("save the process list", acts.remember()),
        Step("open to visitors", cmd("rm", "-f", layout.stopped), interruptible=False),
    ]
    start = golive.start(config, to)
    show, *_ = start.undo
    # A deploy that the stop ended may have left its other slot.
    tidy = Step("agree on what runs", acts.agree(config), timeout=120 + config.web.kill_timeout)
    return Plan(
        f"Resume {config.app.name} ({to.release})",
        (
            Stage("start", start.steps, undo=(show,)),
            Stage("open", tuple(opening)),
            Stage("finish", (tidy,), on_failure="warn", on_cancel="keep", settles=True),
        ),
        recovery=golive.recover(config),
        prologue=golive.prologue(to),
        record={"release": to.release, "revision": to.revision, "resumed": True},
    )


def maintenance_on(config: Config, page: str, who: str) -> Plan:
    """Put the page up; the app goes on running."""
    layout = config.layout
    text = all_of(write_file(layout.maintenance_page, page), write_file(layout.maintenance, who))
    return Plan(
        f"Put up the maintenance page of {config.app.name}",
        (Stage("page", (Step("put the page up", text),), on_cancel="finish"),),
        record={"maintenance": "on"},
    )


def maintenance_off(config: Config) -> Plan:
    """Take the page down, whoever put it up."""
    layout = config.layout
    text = cmd("rm", "-f", layout.maintenance, layout.migrated)
    return Plan(
        f"Take down the maintenance page of {config.app.name}",
        (Stage("page", (Step("take the page down", text),), on_cancel="finish"),),
        record={"maintenance": "off"},
    )


def not_open(state: State) -> str:
    """Why visitors still get the page after it was taken down: the app is stopped; empty where they do not."""
    return (
        "the app is stopped: visitors get the page until fab emergency-resume"
        if state.stopped is not None
        else ""
    )
