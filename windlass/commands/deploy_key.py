"""The key by which the server fetches a private repository, and the forge's own, by which it is known."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from windlass.commands.users import as_user
from windlass.shell import Command, all_of, cmd, either, when


def make(user: str, key: PurePosixPath, comment: str) -> Command:
    """A key pair without a passphrase, the user's own; one that is there stays."""
    generate = cmd("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", key)
    text = all_of(
        Command("umask 077"),
        cmd("mkdir", "-p", key.parent),
        when(Command(f"! {cmd('test', '-e', key)}"), generate),
    )
    return as_user(user, text)


def know(user: str, lines: Iterable[str]) -> Command:
    """Add these lines to the user's known_hosts."""
    file = ".ssh/known_hosts"
    add = [
        either(cmd("grep", "-qsxF", "--", line, file), Command(f"{cmd('echo', line)} >>{file}"))
        for line in lines
    ]
    return as_user(user, all_of(Command('cd "$HOME"\numask 077\nmkdir -p .ssh'), *add))
