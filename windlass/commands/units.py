"""The units of an app and the rights to use them: put in place by root, checked before anybody reads them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from windlass.shell import Command, all_of, cmd, fed, quote, when, write_file


def make_user(name: str, home: PurePosixPath) -> Command:
    """A user of the system's who cannot log in, with a group of that name."""
    add = cmd(
        "useradd", "--system", "--user-group", "--home-dir", home, "--no-create-home",
        "--shell", "/usr/sbin/nologin", name,
    )  # fmt: skip
    return when(Command(f"! {cmd('getent', 'passwd', name)} >/dev/null"), add)


def grant(file: PurePosixPath, text: str) -> Command:
    """Put rights in place; sudo passes over a name with a dot, so what is not whole or not right is never read."""
    incoming = file.with_name(file.name + ".next")
    return all_of(
        Command("umask 077"),
        fed(Command(f"cat >{quote(incoming)}"), text),
        cmd("chmod", "0440", incoming),
        cmd("visudo", "--check", "--quiet", f"--file={incoming}"),
        cmd("mv", "-T", incoming, file),
    )


def install(file: PurePosixPath, text: str, enabled: Iterable[str]) -> Command:
    """Put a unit in place, and have these instances come back after a boot."""
    return all_of(
        Command("umask 022"),
        write_file(file, text),
        cmd("systemctl", "daemon-reload"),
        cmd("systemctl", "enable", "--quiet", *enabled),
    )


def remove(files: Iterable[PurePosixPath]) -> Command:
    """Take units and rights away, and what had their instances come back after a boot."""
    found = list(files)
    links = [
        f"/etc/systemd/system/multi-user.target.wants/{quote(file.stem)}*" for file in found if file.suffix
    ]
    gone = [Command(f"rm -f {' '.join(links)}")] if links else []
    return all_of(*gone, cmd("rm", "-f", *found), cmd("systemctl", "daemon-reload"))
