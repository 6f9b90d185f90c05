"""The demo from beginning to end: a server, visitors, the acts, the table, and nothing left."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from windlass.demo import programs, remains
from windlass.demo.acts import ACTS, Act
from windlass.demo.endings import ending_on_signals, undisturbed
from windlass.demo.history import build_history
from windlass.demo.load import Load
from windlass.demo.operator import APP, Operator
from windlass.demo.repository import move_branch
from windlass.demo.server import PREFIX, Server, base
from windlass.demo.verdict import NotAsPromised, Performed, counted, verdict
from windlass.errors import WindlassError
from windlass.report.demo import DemoReport

RATE = 50
"""Requests a second."""
LINGER = 0.3
"""Seconds that visitors take, at most, from a page to its assets."""
READING = 1.5
"""Seconds for a person to read what an act is about."""
AFTERWARDS = 0.5
"""Seconds that visitors go on coming after a command, so that what it left behind is counted with it."""


def play(*, keep: bool = False) -> None:
    """Show everything; raises NotAsPromised where a request failed or a command ended as it should not.

    `keep` leaves the server up and says how to use it. Raises NotReady where the machine lacks something,
    before anything is started, and Interrupted on a signal, when all is ended.
    """
    programs.check_machine()
    report = DemoReport()
    report.title(
        "Windlass: deploys, a bad release, a rollback and an emergency stop, under constant requests"
    )
    try:
        with ending_on_signals(), _server(report, keep=keep) as server:
            _show(report, server)
    except OSError as error:
        raise WindlassError(
            f"the demo broke off, and nothing of it is left running: {error}",
            hint="TMPDIR names another folder for the server, where this one is full or cannot be used",
        ) from error


@contextmanager
def _server(report: DemoReport, *, keep: bool) -> Iterator[Server]:
    """A server that has ended when this is left; `keep` leaves it up unless the show was broken off."""
    server = Server(programs.tools(report.say))
    try:
        yield server
    except NotAsPromised:
        raise
    except BaseException:
        keep = False
        report.break_off()
        raise
    finally:
        undisturbed()
        if keep:
            server.keep()
            _tell_how_to_use(report, server)
        else:
            server.stop()


@dataclass(frozen=True)
class Stage:
    """What all acts play on; `versions` are the commits of the app by name."""

    report: DemoReport
    operator: Operator
    repository: Path
    versions: dict[str, str]


def _show(report: DemoReport, server: Server) -> None:
    """Set the stage and perform the acts before visitors; raises NotAsPromised."""
    stage = _set(report, server)
    report.say(
        f"A throwaway server of your own: sshd on port {server.port}, nginx on {server.url} and pm2, all of it "
        f"in {server.folder}. Nothing else of this machine is touched."
    )
    visitors = Load(server.url, paths=("/", "/api/health"), rate=RATE, linger=LINGER, patient=True)
    visitors.start()
    try:
        performed = _perform_all(stage, visitors)
    finally:
        visitors.stop()
    report.table(counted(performed, stage.versions))
    report.verdict(verdict(performed, stage.versions))


def _set(report: DemoReport, server: Server) -> Stage:
    """Start the server, and make it ready for a first deploy."""
    # The python that runs this has psutil, by which `status` measures.
    server.add_program("python3", f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    server.start()
    repository = server.folder / f"{APP}.git"
    versions = build_history(repository)
    operator = Operator(server, repository)
    operator.prepare("nginx.install")
    return Stage(report, operator, repository, versions)


def _perform_all(stage: Stage, visitors: Load) -> list[Performed]:
    """The acts that were performed: all, or those up to the first whose command did not end as it should."""
    performed: list[Performed] = []
    for number, act in enumerate(ACTS, 1):
        typed = f"{stage.operator.name} {act.typed}"
        stage.report.act(number, len(ACTS), act.title, act.watch.format(rate=RATE), typed)
        if stage.report.watched:
            time.sleep(READING)
        performed.append(_perform(stage, act, visitors))
        stage.report.counted(counted(performed, stage.versions)[-1])
        if performed[-1].code != act.ends:
            break
    return performed


def _perform(stage: Stage, act: Act, visitors: Load) -> Performed:
    if act.push:
        move_branch(stage.repository, stage.versions[act.push])
    began = visitors.clock()
    code = stage.operator.run(*act.command)
    seconds = visitors.clock() - began
    time.sleep(AFTERWARDS)
    return Performed(act, code, began, seconds, visitors.next_report())


def _tell_how_to_use(report: DemoReport, server: Server) -> None:
    """The commands that work from any folder and any terminal of this user, and the end of them."""
    command = Operator.command_of(server)
    report.title("The server stays up. From any terminal:")
    report.show(
        [
            f"{command} status",
            f"{command} deploy --revision better",
            f"{command} history",
            f"{command} --list",
            f"curl {server.url}/",
        ]
    )
    report.say("It ends, with its folder, by:")
    on_path = shutil.which(command.name)
    here = on_path is not None and Path(on_path).samefile(sys.argv[0])
    report.show([f"{command.name if here else sys.argv[0]} demo --end"])


def end_kept() -> None:
    """End every server that was left up, and say so."""
    report = DemoReport()
    found = remains.kept(base(), PREFIX)
    for folder in found:
        remains.remove(folder)
        report.say(f"ended, and removed: {folder}")
    if not found:
        report.say("no server of the demo is up")
