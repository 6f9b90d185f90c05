"""The user who deploys: made, let in by their keys, given what is theirs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from windlass.shell import Command, all_of, cmd, quote, when

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ROOT = "root"
LOGS_GROUP = "adm"
"""Whoever is in it reads nginx's logs, which the watch after a cutover needs."""


def as_user(user: str, command: Command, *, path: str = PATH) -> Command:
    """A command as another user, in their home's environment and nothing of root's."""
    home = f'HOME="$(getent passwd {quote(user)} | cut -d: -f6)"'
    words = cmd("bash", "-euo", "pipefail", "-c", command.text)
    clean = cmd("LANG=C.UTF-8", f"USER={user}", f"LOGNAME={user}", f"PATH={path}")
    return Command(f"{cmd('runuser', '-u', user, '--')} env -i {home} {clean} {words}")


def make(user: str) -> Command:
    """The user with a home and no password, in the group that reads the logs."""
    add = cmd("useradd", "--create-home", "--shell", "/bin/bash", user)
    return all_of(
        when(Command(f"! {cmd('getent', 'passwd', user)} >/dev/null"), add),
        cmd("usermod", "--append", "--groups", LOGS_GROUP, user),
    )


def let_in(user: str, keys: Iterable[str]) -> Command:
    """Add lines to the user's authorized_keys; those that are there stay."""
    add = all_of(
        Command("umask 077"),
        cmd("mkdir", "-p", ".ssh"),
        Command("touch .ssh/authorized_keys"),
        Command("sed -i '$a\\' .ssh/authorized_keys").commented("so that the last line ends"),
        *(_add_line(key) for key in keys),
    )
    return as_user(user, all_of(Command('cd "$HOME"'), add))


def make_root(user: str, root: PurePosixPath) -> Command:
    """The app's folder, the user's own, for all to enter: nginx must.

    Root makes it where the user may not; what is in it they make themselves, and a link in its place is not followed.
    """
    by_root = all_of(
        cmd("mkdir", "-p", root.parent),
        when(Command(f"! {cmd('test', '-e', root)}"), cmd("mkdir", "-m", "0755", root)),
        cmd("chown", "--no-dereference", f"{user}:{user}", root),
    )
    own = as_user(user, all_of(cmd("mkdir", "-p", root), cmd("test", "-O", root)).quietly())
    return all_of(Command("umask 022"), when(Command(f"! {own.text}"), by_root))


def make_folders(user: str, folders: Iterable[PurePosixPath]) -> Command:
    """What is in the app's folder, made by the user whose it is."""
    return as_user(user, cmd("mkdir", "-p", *folders))


def _add_line(key: str) -> Command:
    file = ".ssh/authorized_keys"
    return Command(f"{cmd('grep', '-qxF', '--', key, file)} || {cmd('echo', key)} >>{file}")
