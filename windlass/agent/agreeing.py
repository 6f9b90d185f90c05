"""Recovery: make the server agree with its flag, whatever happened. Each is idempotent, and runs after a boot too."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import time
from collections.abc import Callable
from typing import Any

from . import going_down, live, proc, supervising
from .app import SLOTS, App, Kept
from .failure import GateFailed
from .remembering import remember

LISTENS = 60.0
"""Seconds in which what visitors are sent back to must have its ports again."""


def tidy(arguments: dict[str, Any]) -> None:
    """Remove what an interrupted snapshot, clone, write or backup left."""
    paths = App.of(arguments).paths
    patterns = ("releases/.*.partial", "workspace.partial", "current.next", "run/*.next", "backups/*.partial")
    for pattern in patterns:
        for path in glob.glob(os.path.join(glob.escape(paths["root"]), pattern)):
            _remove(path)


def links(arguments: dict[str, Any]) -> None:
    """Have `current` name the release of the slot that the flag names, or be gone where nothing is live."""
    app = App.of(arguments)
    current, release = app.paths["current"], live.named_by(app.link(app.live))
    if not release:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(current)
    elif os.path.lexists(current) and live.named_by(current) == release:
        return
    else:
        incoming = f"{current}.next"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(incoming)
        os.symlink(f"releases/{release}", incoming)
        os.replace(incoming, current)


def page(arguments: dict[str, Any]) -> None:
    """Take away the page that a deploy or a restore put up.

    GateFailed where it changed the database: then the page stays, and a person must look.
    """
    app = App.of(arguments)
    paths = app.paths
    if not app.says("maintenance").startswith(("deploy ", "restore ")):
        return
    if os.path.exists(paths["migrated"]):
        raise GateFailed("it stays until a person has looked, since the database has changed")
    os.unlink(paths["maintenance"])


def agree(arguments: dict[str, Any]) -> None:
    """Have the live slot run, the idle one not, unless it is a standby; nothing while the app is stopped.

    GateFailed with all that could not be done, after the rest of it.
    """
    going_down.refuse()
    app = App.of(arguments)
    for supervisor in supervising.concerned(app):
        if not supervisor.there:
            return
        supervisor.bring_back()
    idle = next(slot for slot in SLOTS if slot != app.live)
    problems = _Problems()
    if app.stopped:
        for slot in SLOTS:
            for supervisor in supervising.having(app, slot):
                problems.note(supervisor.stop_all, app.kept(slot))
    else:
        kept = app.kept(idle)
        # First of all what must not run beside its like of the live slot.
        alone = [str(one["name"]) for one in kept.processes if one.get("exclusive")]
        if alone:
            problems.note(supervising.of(app, kept).delete, kept, alone)
        if os.path.exists(app.link(app.live)):
            _run(app, app.kept(app.live), problems)
        if not os.path.exists(app.paths["standby"]):
            _end_idle(app, kept, problems)
    problems.note(remember, arguments)
    problems.tell()


def present(arguments: dict[str, Any]) -> None:
    """Have what a slot was started with run, of it the web processes alone where `web`; nothing while stopped."""
    app = App.of(arguments)
    if app.stopped:
        return
    going_down.refuse()
    kept, problems = app.kept(str(arguments["slot"])), _Problems()
    names = kept.web_names if arguments.get("web") else kept.names
    _run(app, kept, problems, names, str(arguments.get("node") or ""))
    problems.tell()


def go_back(arguments: dict[str, Any]) -> None:
    """Have visitors get what a slot has, which is started first where it does not run.

    GateFailed where it does not listen: then they keep what they have.
    """
    app, slot = App.of(arguments), str(arguments["slot"])
    present({**arguments, "web": True})
    deadline = time.monotonic() + LISTENS
    while not app.stopped and (silent := _silent(app, slot)):
        if time.monotonic() > deadline:
            raise GateFailed(f"nothing listens on port {silent[0]}: visitors are not sent back to it")
        time.sleep(0.1)
    flag = app.paths["flag"]
    here, there = (f"{flag}.off", flag) if slot == "green" else (flag, f"{flag}.off")
    os.replace(here, there)


def _silent(app: App, slot: str) -> list[int]:
    """The slot's ports on which nobody listens."""
    return [port for port in app.ports(slot) if not proc.listeners(port)]


class _Problems:
    """What went wrong, while the rest is done all the same."""

    def __init__(self) -> None:
        self._said: list[str] = []

    def note(self, act: Callable[..., None], *arguments: Any) -> None:
        try:
            act(*arguments)
        except (GateFailed, OSError) as problem:
            self._said.append(str(problem))

    def tell(self) -> None:
        if self._said:
            raise GateFailed("; ".join(self._said))


def _run(app: App, kept: Kept, problems: _Problems, names: list[str] | None = None, node: str = "") -> None:
    supervisor = supervising.of(app, kept, node)
    for name in kept.names if names is None else names:
        if not supervisor.runs(kept, name):
            print(f"{name} does not run, and is started", flush=True)
            problems.note(supervisor.start, kept, name)


def _end_idle(app: App, kept: Kept, problems: _Problems) -> None:
    found = supervising.having(app, kept.slot)
    if not found and not app.has(kept.slot):
        return
    _drain(app, kept.slot)
    for supervisor in found:
        problems.note(supervisor.delete_all, kept)
    app.clear(kept.slot)


def _drain(app: App, slot: str) -> None:
    """Give the slot's connections the time that they have when it is left."""
    deadline = time.monotonic() + max(0.2, float(app.about["drain"]))
    while proc.established(*app.ports(slot)) and time.monotonic() < deadline:
        time.sleep(0.2)


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            os.unlink(path)
