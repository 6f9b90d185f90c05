"""Every step of a deploy, and who may be killed in it: visitors notice nothing, and the next deploy just works.

The cells share a host as long as they leave it in order; one that does not is followed by a fresh one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.load import Load
from tests.support.operator import Operator
from tests.support.processes import Completed, Running, wait_until
from tests.vps import mishaps
from tests.vps.apps.tiny import MIGRATED, MIGRATING, Deployed, Shared

RATE = 30


@dataclass(frozen=True)
class Moment:
    """A moment of a deploy: the step that runs, and the program that is held there with these arguments.

    `busy`: a visitor stays connected to what was live.
    """

    step: str
    program: str = ""
    arguments: str = ""
    options: tuple[str, ...] = ()
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    cut_over: bool = False
    busy: bool = False


MOMENTS = {
    "fetch": Moment("fetch", "git", "fetch"),
    "install": Moment("install", "npm", "ci", ("--force",)),
    "build": Moment("build", "npm", "run"),
    "snapshot": Moment("snapshot", "rsync", "workspace"),
    "migrate": Moment("migrate", "curl", "migrate", ("--force",), MIGRATING),
    "start": Moment("start on", "pm2", "start"),
    "save": Moment("save the process list", "pm2", "save"),
    "publish": Moment("publish", "mv", "current.next", cut_over=True),
    "soak": Moment("watch", tables={"soak": {"seconds": 60}}, cut_over=True),
    "drain": Moment("drain", tables={"web": {"drain": 8}}, cut_over=True, busy=True),
    "finish": Moment("stop", "pm2", "delete", cut_over=True),
}


@dataclass(frozen=True)
class Event:
    """What happens, and what it leaves: exit codes before and after the cutover, whether the agent recovers."""

    happens: Callable[[Deployed, Running], None]
    codes: tuple[int, int]
    says: tuple[str, str]
    recovers: bool = True


def ctrl_c(app: Deployed, command: Running) -> None:
    command.interrupt()
    wait_until(lambda: "Ctrl-C" in command.output or not command.alive, 20, "Ctrl-C is not noticed")


def kill_fab(app: Deployed, command: Running) -> None:
    command.kill()


def reset(app: Deployed, command: Running) -> None:
    app.vps.cut_network(drop=False, port=22)
    wait_until(lambda: not command.alive, 30, "the client does not notice")
    app.vps.restore_network()


def power_cut(app: Deployed, command: Running) -> None:
    app.vps.power_cycle()
    app.wait_until_up()


def kill_agent(app: Deployed, command: Running) -> None:
    mishaps.kill_agent(app)


def kill_step(app: Deployed, command: Running) -> None:
    mishaps.kill_step(app)


def kill_both(app: Deployed, command: Running) -> None:
    mishaps.kill_both(app)


DIED = ("the agent on", "the next command first puts right what it left")
EVENTS = {
    "ctrl_c": Event(ctrl_c, (1, 0), ("Ctrl-C", "the release is live and stays")),
    "kill_fab": Event(kill_fab, (-9, -9), ("", "")),
    "reset": Event(reset, (1, 4), ("was cut", "finishes or undoes by itself")),
    "kill_step": Event(kill_step, (1, 3), ("SIGKILL", "SIGKILL")),
    "kill_agent": Event(kill_agent, (1, 4), DIED, recovers=False),
    "kill_both": Event(kill_both, (1, 4), DIED, recovers=False),
    "power_cut": Event(power_cut, (1, 4), ("", ""), recovers=False),
}

CELLS = {
    "ctrl_c": tuple(MOMENTS),
    "kill_fab": ("build", "soak"),
    "reset": ("build", "publish"),
    "kill_step": ("build", "snapshot", "start", "publish", "finish"),
    "kill_agent": ("build", "migrate", "publish"),
    "kill_both": ("fetch", "install", "snapshot", "start", "save", "publish", "soak", "drain", "finish"),
    "power_cut": ("install", "start", "publish", "finish"),
}
EXPECTED = {
    ("ctrl_c", "fetch"): (130, "nothing was changed"),
    ("kill_both", "fetch"): (1, "nothing was changed"),
    ("kill_step", "publish"): (3, "was taken back"),
    ("kill_step", "finish"): (0, "the release is live, but"),
}
TAKEN_BACK = {("kill_step", "publish")}


@pytest.mark.parametrize(
    ("event", "moment"), [(event, moment) for event, moments in CELLS.items() for moment in moments]
)
def test_a_deploy_survives(
    bench: Shared, operator: Operator, tiny_commits: tuple[Path, dict[str, str]], event: str, moment: str
) -> None:
    app = Deployed(bench.host(), operator, tiny_commits[1])
    app.wait_until_up()
    try:
        survive(app, event, moment)
    except BaseException:
        bench.give_up()
        raise


def survive(app: Deployed, event: str, moment: str) -> None:
    """Interrupt a deploy, look, and deploy again."""
    what, when = EVENTS[event], MOMENTS[moment]
    old, new = app.live(), mishaps.other_commit(app)
    app.configure(**when.tables)
    app.give_database()
    visitors = Load(app.url, rate=RATE) if event != "power_cut" else None
    with visitors or nullcontext():
        done = interrupted_deploy(app, what, when, new)
        mishaps.wait_until_free(app)
        if what.recovers:
            wait_until(lambda: not mishaps.holder(app), 20, "the agent does not end")
            assert mishaps.disagreements(app) == [], done
        stays = when.cut_over and (event, moment) not in TAKEN_BACK
        assert app.live() == (new if stays else old), done
        if when.tables is MIGRATING:  # it was begun, and so it comes to its end
            assert app.vps.exists(MIGRATED)
        check_told(done, event, moment)
        app.configure()
        app.deploy(mishaps.other_commit(app)).check()
        assert mishaps.disagreements(app) == []
    if visitors:
        visitors.report.check()


def interrupted_deploy(app: Deployed, what: Event, when: Moment, commit: str) -> Completed:
    with ExitStack() as stack:
        hold = when.program and stack.enter_context(mishaps.held(app.vps, when.program, when.arguments))
        if when.busy:
            stack.enter_context(mishaps.connected(app))
        command = app.start("deploy", "--revision", app.commits[commit], *when.options)
        if hold:
            hold.wait(command)
        mishaps.wait_for_step(app, when.step, command)
        what.happens(app, command)
        if hold:
            hold.release()
        return command.wait(60)


def check_told(done: Completed, event: str, moment: str) -> None:
    """The exit code and the words that the operator gets."""
    what, when = EVENTS[event], MOMENTS[moment]
    code, words = EXPECTED.get((event, moment), (what.codes[when.cut_over], what.says[when.cut_over]))
    assert done.exit_code == code, done
    assert words in done.output, done
    assert "Traceback" not in done.output, done
