"""Who came to the server, and the user who is to deploy."""

from __future__ import annotations

from dataclasses import dataclass

from windlass.question import Answer, Question
from windlass.shell import Command, quote

LOGIN = """\
pid=$PPID
while [ "$pid" -gt 1 ] && ! grep -qz '^SSH_CONNECTION=' "/proc/$pid/environ" 2>/dev/null; do
    pid=$(sed 's/.*) [A-Z] \\([0-9]*\\) .*/\\1/' "/proc/$pid/stat")
done
login() { tr '\\0' '\\n' <"/proc/$pid/environ" 2>/dev/null | sed -n "s/^$1=//p" | head -n 1; }"""
"""Defines `login NAME`: a variable of the SSH session as it was before any sudo."""


@dataclass(frozen=True)
class Account:
    """The user who is to deploy: whether there is one, their groups, and the lines of their authorized_keys.

    `login` is who came, `login_keys` are those that may come as they do; `owner` has the app's folder,
    "" where there is none.
    """

    there: bool
    home: str
    groups: frozenset[str]
    keys: tuple[str, ...]
    login: str
    login_keys: tuple[str, ...]
    owner: str


def question(user: str, root: str) -> Question[Account]:
    """Ask for the user of that name, and for the owner of the app's folder `root`."""
    text = f"""\
{LOGIN}
keys() {{
    home=$(getent passwd "$1" | cut -d: -f6)
    as=()
    if [ "$(id -u)" = 0 ]; then as=(runuser -u "$1" --); fi
    "${{as[@]}}" timeout 5 sed "s/^/$2 /" "$home/.ssh/authorized_keys" 2>/dev/null || true
}}
if getent passwd {quote(user)} >/dev/null; then
    echo "there $(getent passwd {quote(user)} | cut -d: -f6)"
    echo "groups $(id -nG {quote(user)})"
    keys {quote(user)} key
fi
who=$(login USER)
echo "login ${{who:=root}}"
keys "$who" login_key
if [ -d {quote(root)} ]; then echo "owner $(stat -c %U {quote(root)})"; fi
"""
    return Question("account", Command(text), parse)


def parse(answer: Answer) -> Account:
    """The `name value` lines. Keys with options or of unknown form are left out: they are for something else."""
    lines = [line.partition(" ") for line in answer.out.splitlines()]
    first = {key: value for key, _, value in reversed(lines)}
    return Account(
        there="there" in first,
        home=first.get("there", ""),
        groups=frozenset(first.get("groups", "").split()),
        keys=tuple(value.strip() for key, _, value in lines if key == "key"),
        login=first.get("login", ""),
        login_keys=tuple(_plain(value) for key, _, value in lines if key == "login_key" and _plain(value)),
        owner=first.get("owner", ""),
    )


def same_key(line: str, other: str) -> bool:
    """Whether two lines of authorized_keys are the same key, whatever their comments and options."""
    return _blob(line) == _blob(other)


def _plain(line: str) -> str:
    line = line.strip()
    return line if line.startswith(("ssh-", "ecdsa-", "sk-")) else ""


def _blob(line: str) -> str:
    return next((word for word in line.split() if word.startswith("AAAA")), line)
