"""What is on the disk of this server for the app: one look at its folders, links, flags and ledger."""

from __future__ import annotations

import os
import pwd
import time
from typing import Any, Dict, Optional

from . import digest, env, live, lock, memory, versions


def state(arguments: Dict[str, Any]) -> Dict[str, Any]:
    """Everything that a plan needs to know of the app's own folders; `arguments` are the session's paths."""
    root = arguments["root"]
    variables = env.read(arguments["env_file"])
    return {
        "live": live.live(arguments),
        "manifests": {slot: live.document(path) for slot, path in arguments.get("manifests", {}).items()},
        "slots": {slot: live.named_by(path) for slot, path in arguments["slots"].items()},
        "current": live.named_by(os.path.join(root, "current")),
        "flags": {name: live.flag(arguments[name]) for name in ("maintenance", "stopped", "standby")},
        "releases": [_release(arguments["releases"], name) for name in live.kept(arguments["releases"])],
        "past": _past(arguments),
        "stamps": {name: _text(arguments["stamps"][name]) for name in arguments["stamps"]},
        "cloned": os.path.isdir(os.path.join(arguments["workspace"], ".git")),
        "env": {"keys": sorted(variables), "version": _env_version(arguments)},
        "disk_free": _disk_free(root),
        "memory_available": memory.available(),
        "unenterable": _unenterable(root),
        "lock": {"held": lock.is_held(arguments["lock"]), **lock.holder(arguments["lock"])},
        "boot": lock.boot_id(),
        "system": _text("/etc/os-release"),
        "now": time.time(),
        "user": _user(os.geteuid()),
        "owner": _owner(root),
    }


def _env_version(paths: Dict[str, Any]) -> Optional[int]:
    try:
        return versions.present(paths)
    except OSError:
        return None


def _release(folder: str, name: str) -> Dict[str, Any]:
    return {
        "id": name,
        "revision": _text(os.path.join(folder, name, "REVISION")),
        "stamp": _text(os.path.join(folder, name, ".windlass-install")),
        "manifest": live.document(os.path.join(folder, name, ".windlass-manifest")),
    }


def _past(arguments: Dict[str, Any]) -> Dict[str, Any]:
    """What the ledger comes to, as far as it is about releases that stand; `deploys` is long, and for who asks."""
    found = digest.seen(arguments)
    if not arguments.get("deploys"):
        found = {**found, "deploys": [], "revisions": {}}
    return {**found, "open": list(found["open"].values())}


def _text(path: str) -> str:
    return live.flag(path) or ""


def _disk_free(path: str) -> int:
    while not os.path.exists(path):
        path = os.path.dirname(path)
    figures = os.statvfs(path)
    return figures.f_bavail * figures.f_frsize


def _unenterable(root: str) -> str:
    """The nearest folder on the way to the app that others may not enter: nginx could not see the flags."""
    path = root
    while path != "/":
        try:
            if os.path.exists(path) and not os.stat(path).st_mode & 0o001:
                return path
        except OSError:
            return path
        path = os.path.dirname(path)
    return ""


def _owner(path: str) -> str:
    """Whose folder it is, "" where it is not there."""
    try:
        return _user(os.stat(path).st_uid)
    except OSError:
        return ""


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


CALLS = {"state": state}
