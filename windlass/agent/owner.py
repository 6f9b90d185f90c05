"""Whose an app is, and whose word decides what a path leads to; looking as the user whom the app belongs to."""

from __future__ import annotations

import grp
import json
import os
import pwd
import select
import signal
import stat
import time
from typing import Any, Callable, Dict, Iterator, List, Optional

_FOREIGN = ("PM2_HOME", "XDG_RUNTIME_DIR", "SSH_AUTH_SOCK")
PATIENCE = 10.0
"""Seconds that a look as the owner may take: what lies in their folders may be a pipe that nobody writes to."""
LINKS = 40
"""How many links one path may lead through, as for the kernel."""


def become_owner(root: str) -> None:
    """As root, go on as the app's owner for good: pm2, git and `.env` answer them alone. Else do nothing.

    A look as root would also leave files of root's in the owner's ~/.pm2.
    """
    known = account(root)
    if known is not None:
        become(known)


def account(root: str) -> Optional[pwd.struct_passwd]:
    """Whom root becomes for what is below the app's root; None for whoever is not root, and where it is root's."""
    if os.geteuid() != 0:
        return None
    try:
        known = pwd.getpwuid(owner_of(root))
    except (OSError, KeyError):
        return None
    return known if known.pw_uid else None


def as_owner(root: str, look: Callable[[], Any], otherwise: Any) -> Any:
    """What `look` returns, which must be JSON: to root, as the app's owner sees it, in a process of its own.

    `otherwise` where that fails or takes too long.
    """
    known = account(root)
    if known is None:
        return look()
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        _look(known, look, writer)
    os.close(writer)
    try:
        return json.loads(_read(reader))
    except ValueError:
        return otherwise
    finally:
        os.close(reader)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _look(known: pwd.struct_passwd, look: Callable[[], Any], writer: int) -> None:
    try:
        signal.set_wakeup_fd(-1)
        become(known)
        with open(writer, "w", encoding="utf-8") as file:
            json.dump(look(), file)
    finally:
        os._exit(0)


def _read(reader: int) -> bytes:
    """All that comes until the end, or within `PATIENCE`."""
    said, deadline = b"", time.monotonic() + PATIENCE
    while select.select([reader], [], [], max(0.0, deadline - time.monotonic()))[0]:
        chunk = os.read(reader, 65536)
        if not chunk:
            break
        said += chunk
    return said


def become(known: pwd.struct_passwd) -> None:
    """Go on as this user for good."""
    os.initgroups(known.pw_name, known.pw_gid)
    os.setgid(known.pw_gid)
    os.setuid(known.pw_uid)
    for name in _FOREIGN:
        os.environ.pop(name, None)
    os.environ.update(environment(known))


def environment(known: pwd.struct_passwd) -> Dict[str, str]:
    """What says to a program who runs it."""
    return {"HOME": known.pw_dir, "USER": known.pw_name, "LOGNAME": known.pw_name, "SHELL": known.pw_shell}


def owner_of(path: str) -> int:
    """The first user but root who has a folder, a link or the file itself on the way: they choose what is found.

    0 where root alone does. Raises FileNotFoundError where only root's folders lead to what is not there.
    """
    for found in on_the_way(path):
        if found.st_uid:
            return found.st_uid
    return 0


def is_roots(path: str) -> bool:
    """Whether nobody but root can change what the path leads to; what is not there, only root could make."""
    sticky = False
    try:
        for found in on_the_way(path):
            if not _is_roots(found):
                return False
            sticky = bool(found.st_mode & stat.S_IWOTH) and not stat.S_ISLNK(found.st_mode)
    except FileNotFoundError:
        return not sticky
    except OSError:
        return False
    return True


def on_the_way(path: str) -> Iterator[os.stat_result]:
    """Every folder and link that the kernel goes through from / to the path, and what it leads to.

    Raises OSError where the way ends.
    """
    ahead: List[str] = [name for name in reversed(path.split("/")) if name]
    place, links = "/", 0
    yield os.lstat(place)
    while ahead:
        name = ahead.pop()
        if name in (".", ".."):
            place = os.path.dirname(place) if name == ".." else place
            continue
        there = os.path.join(place, name)
        found = os.lstat(there)
        yield found
        if not stat.S_ISLNK(found.st_mode):
            place = there
            continue
        links += 1
        if links > LINKS:
            raise OSError(f"{path} leads through too many links")
        target = os.readlink(there)
        place = "/" if target.startswith("/") else place
        ahead += [name for name in reversed(target.split("/")) if name]


def whose(arguments: Dict[str, Any]) -> Dict[str, str]:
    """For each path the user whose word decides what it leads to: "root" where only root's does, "" for anybody's."""
    return {path: _whose(path) for path in arguments["paths"]}


def _whose(path: str) -> str:
    try:
        owner = owner_of(path)
    except FileNotFoundError:
        owner = 0
    except OSError:
        return ""
    if not owner:
        return "root" if is_roots(path) else ""
    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:
        return ""


def _is_roots(found: os.stat_result) -> bool:
    """In a sticky folder such as /tmp, what is root's stays where it is."""
    if found.st_uid:
        return False
    if stat.S_ISLNK(found.st_mode) or (found.st_mode & stat.S_ISVTX and stat.S_ISDIR(found.st_mode)):
        return True
    shared = bool(found.st_mode & stat.S_IWGRP) and not _has_nobody_else(found.st_gid)
    return not (shared or found.st_mode & stat.S_IWOTH)


def _has_nobody_else(group: int) -> bool:
    """Whether a group has no members but root: Debian gives /usr/local to such a one."""
    try:
        members = set(grp.getgrgid(group).gr_mem) | {
            one.pw_name for one in pwd.getpwall() if one.pw_gid == group
        }
    except KeyError:
        return False
    return members <= {"root"}


CALLS: Dict[str, Callable[[Dict[str, Any]], Any]] = {"whose": whose}
