"""Looking as the user whom the app belongs to."""

from __future__ import annotations

import os
import pwd

_FOREIGN = ("PM2_HOME", "XDG_RUNTIME_DIR", "SSH_AUTH_SOCK")


def become_owner(root: str) -> None:
    """As root, go on as the app's owner for good: pm2, git and `.env` answer them alone. Else do nothing.

    A look as root would also leave files of root's in the owner's ~/.pm2.
    """
    if os.geteuid() != 0:
        return
    try:
        known = pwd.getpwuid(os.stat(root).st_uid)
    except (OSError, KeyError):
        return
    if known.pw_uid == 0:
        return
    os.initgroups(known.pw_name, known.pw_gid)
    os.setgid(known.pw_gid)
    os.setuid(known.pw_uid)
    for name in _FOREIGN:
        os.environ.pop(name, None)
    os.environ.update(HOME=known.pw_dir, USER=known.pw_name, LOGNAME=known.pw_name, SHELL=known.pw_shell)
