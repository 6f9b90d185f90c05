"""pm2's list for the next boot, written so that nobody's entries are lost: whole, or not at all."""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any

from . import going_down, pm2
from .app import SLOTS, App
from .failure import GateFailed
from .ledger import sync_folder
from .pm2_acts import Pm2


def remember(arguments: dict[str, Any]) -> None:
    """Have pm2's present list come back after a boot, with all that was saved and is not the app's own.

    GateFailed, and the list stays as it was, where the server goes down, the daemon ends meanwhile, the live slot's
    processes are not in it, or there is no room.
    """
    app = App.of(arguments)
    supervisor = Pm2(app, str(arguments.get("node") or ""))
    dump = os.path.join(supervisor.home, "dump.pm2")
    if not supervisor.there or not (arguments.get("forget") or _is_concerned(app, dump)):
        return
    going_down.refuse()
    supervisor.bring_back()
    daemon = pm2.daemon(supervisor.home)
    incoming = f"{dump}.windlass"
    try:
        _save(supervisor, incoming)
        if not daemon or pm2.daemon(supervisor.home) != daemon:
            raise GateFailed("pm2's daemon has ended: its list stays as it was saved before")
        present = _fresh(incoming)
        saved = [one for one in _list(dump) if one.get("name") != (arguments.get("forget") or None)]
        _check(app, present)
        going_down.refuse()
        _write(dump, incoming, _merged(app, saved, present))
    finally:
        for left in (incoming, f"{incoming}.bak"):
            with contextlib.suppress(OSError):
                os.unlink(left)


def _is_concerned(app: App, dump: str) -> bool:
    """Whether pm2 has something of the app, or would have after a boot."""
    started = [app.has(slot) and app.kept(slot).supervisor != "systemd" for slot in SLOTS]
    return any(started) or any(_is_own(app, one) for one in _list(dump))


def _save(supervisor: Pm2, incoming: str) -> None:
    try:
        supervisor.save(incoming)
    except GateFailed as failed:
        raise GateFailed(f"{failed}{_room(incoming)}; the list stays as it was saved before") from None


def _fresh(path: str) -> list[dict[str, Any]]:
    """The entries of the list that pm2 has just written. GateFailed where it is not whole, as on a full disk."""
    try:
        return _entries(path)
    except (OSError, ValueError):
        raise GateFailed(f"pm2 wrote no whole list{_room(path)}; it stays as it was saved before") from None


def _room(path: str) -> str:
    """Why nothing could be written there, "" where it is not for the room."""
    folder = os.path.dirname(path)
    return "" if os.statvfs(folder).f_bavail else f": there is no room on the disk of {folder}"


def _list(path: str) -> list[dict[str, Any]]:
    """The entries of a dump; none where there is no readable one."""
    try:
        return _entries(path)
    except (OSError, ValueError):
        return []


def _entries(path: str) -> list[dict[str, Any]]:
    with open(path, encoding="utf-8") as file:
        found = json.load(file)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _check(app: App, present: list[dict[str, Any]]) -> None:
    """A daemon that is ending, or a disk that is full, gives a list in which what is live is missing."""
    kept = app.kept(app.live)
    ours = os.stat(app.paths["root"]).st_uid == os.geteuid()
    runs = os.path.exists(app.link(app.live)) and not app.stopped
    if not (ours and runs and kept.known and kept.supervisor == "pm2"):
        return
    names = {one.get("name") for one in present}
    missing = [name for name in kept.names if name not in names]
    if missing:
        raise GateFailed(f"{', '.join(missing)}: not in pm2's list, which stays as it was saved before")


def _merged(app: App, saved: list[dict[str, Any]], present: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The present list, with what was saved of others and is not in it: who took that out has not saved either."""
    there = {(one.get("namespace"), one.get("name")) for one in present}
    lost = [
        one for one in saved if not _is_own(app, one) and (one.get("namespace"), one.get("name")) not in there
    ]
    for one in lost:
        print(f"{one.get('name')} stays in the list that comes back after a boot, though pm2 has it no more")
    return [*present, *lost]


def _is_own(app: App, one: dict[str, Any]) -> bool:
    """By its namespace; by its name where it was started, in a release of ours, before each slot had one."""
    own = {name for slot in SLOTS for name in (*app.about["slots"][slot]["names"], *app.kept(slot).names)}
    spaces = {app.namespace(slot) for slot in SLOTS}
    within = f"{one.get('pm_cwd')}/".startswith(f"{app.paths['releases']}/")
    older = one.get("namespace") == "default" or within
    return one.get("namespace") in spaces or (older and one.get("name") in own)


def _write(dump: str, incoming: str, entries: list[dict[str, Any]]) -> None:
    """Written beside it and renamed; it holds environments, so only its owner reads it."""
    try:
        descriptor = os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(entries, file, indent=2)
            file.flush()
            os.fchmod(file.fileno(), 0o600)
            os.fsync(file.fileno())
        if os.path.exists(dump):
            _keep_before(dump)
        os.replace(incoming, dump)
        sync_folder(os.path.dirname(dump))
    except OSError as error:
        raise GateFailed(f"the process list could not be saved, and stays as it was: {error}") from None


def _keep_before(dump: str) -> None:
    """pm2 falls back to this where its list cannot be read."""
    before = f"{dump}.bak"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(before)
    os.link(dump, before)
    os.chmod(before, 0o600)
