"""How values are written: each check returns the value, or raises ValueError with what is wrong with it."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from windlass.address import parse_host

MOST_INSTANCES = 64
"""How many of a process may run in a slot."""

UNSAFE = re.compile(r"[\s\"'\\;{}$`*?]")
"""Characters that mean something to nginx or to a shell, and that no path here needs."""


def is_name(value: object) -> bool:
    """Whether this can name an app, a target or a process."""
    return isinstance(value, str) and re.fullmatch(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?", value) is not None


def check_name(value: str) -> str:
    if not is_name(value):
        raise ValueError(
            f"{value!r} is not a name: lower-case letters, digits and dashes, a letter first, at most 40"
        )
    return value


def check_app_name(value: str) -> str:
    if value.endswith(("-blue", "-green")):
        raise ValueError(f"{value!r} ends like a slot's process, which is called NAME-blue or NAME-green")
    return check_name(value)


def check_port(value: int) -> int:
    if not 1 <= value <= 65535:
        raise ValueError(f"{value} is not a port")
    return value


def check_instances(value: object) -> object:
    number = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_INSTANCES
    if not (number or value == "cpus"):
        raise ValueError(f'{value!r} is neither a number from 1 to {MOST_INSTANCES} nor "cpus"')
    return value


def check_host(value: str) -> str:
    parse_host(value)
    return value


def _safe(value: str) -> str:
    if unsafe := UNSAFE.search(value):
        raise ValueError(
            f"{value!r} holds {unsafe[0]!r}, which nginx or a shell would take for something else"
        )
    return printable(value)


def check_absolute(value: str) -> str:
    path = PurePosixPath(value)
    if not path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{value!r} is not an absolute path without '..'")
    return _safe("/" + "/".join(path.parts[1:]))


def check_absolute_or_default(value: str) -> str:
    return check_absolute(value) if value else value


def check_folder(value: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{value!r} is not a path inside the app: relative, without '..'")
    return _safe(str(path))


def check_relative(value: str) -> str:
    path = check_folder(value)
    if path == ".":
        raise ValueError(f"{value!r} is the whole app: name a file or folder in it")
    return path


def check_url_path(value: str) -> str:
    if not value.startswith("/") or not value.isascii() or re.search(r"[\s\"'\\;{}$]", value):
        raise ValueError(
            f"{value!r} is not a path: it starts with / and has no spaces, quotes, braces, ; or $"
        )
    return value


def check_url_folder(value: str) -> str:
    if not value.endswith("/") or value == "/":
        raise ValueError(f"{value!r} is not a folder of the site: it ends with / and is not all of it")
    return check_url_path(value)


def printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("holds a character that cannot be printed")
    return value


def check_no_nul(value: str) -> str:
    if "\0" in value:
        raise ValueError("holds a NUL character")
    return value


def check_something(value: str) -> str:
    if not value.strip():
        raise ValueError("is empty")
    return printable(value)


def check_repository(value: str) -> str:
    if value.startswith("-") or any(c.isspace() for c in value):
        raise ValueError(f"{value!r} is not the address of a repository")
    return check_something(value)


def check_ref(value: str) -> str:
    """The name of a branch, tag or commit as given. Raises ValueError for what cannot be one.

    HEAD is refused: on the server it is the default branch of long ago, and never what the operator has.
    """
    written = re.fullmatch(r"[^\s~^:?*\[\\-][^\s~^:?*\[\\]*", value) and value.isprintable()
    if not written or ".." in value or value in ("HEAD", "@"):
        raise ValueError(f"{value!r} is not a branch, tag or commit")
    return value


def check_server_name(value: str) -> str:
    if not re.fullmatch(r"(\*\.)?[A-Za-z0-9_][A-Za-z0-9_.-]*", value):
        raise ValueError(f"{value!r} is not a server name")
    return value


def check_variable(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise ValueError(f"{value!r} is not the name of a variable")
    return value


def check_memory(value: str) -> str:
    if not re.fullmatch(r"([1-9]\d*[KMG])?", value):
        raise ValueError(f'{value!r} is not an amount of memory such as "512M" or "1G"')
    return value


def check_body_size(value: str) -> str:
    if not re.fullmatch(r"\d+[kmg]?", value):
        raise ValueError(f'{value!r} is not a size such as "10m"; "0" is no limit')
    return value


def check_version(value: str) -> str:
    if not re.fullmatch(r"(\d+(\.\d+){0,2})?", value):
        raise ValueError(f'{value!r} is not a version such as "22" or "22.11.0"')
    return value


def check_user(value: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", value):
        raise ValueError(f"{value!r} is not the name of a user: lower-case letters, digits, dashes")
    if value == "root":
        raise ValueError("root is not for deploys: name a user of the app's own")
    return value


def check_user_or_default(value: str) -> str:
    return check_user(value) if value else value


def check_public_key(value: str) -> str:
    """One line of authorized_keys without options, as `ssh-keygen` writes it into a .pub file. Raises ValueError."""
    line = value.strip()
    if "PRIVATE KEY" in line:
        raise ValueError("is a private key: give the .pub file's line, and keep this one secret")
    if not re.fullmatch(r"(sk-)?(ssh|ecdsa)-[a-z0-9@.-]+ AAAA[A-Za-z0-9+/]+=*( .*)?", printable(line)):
        raise ValueError(f'{_beginning(line)!r} is not a public key such as "ssh-ed25519 AAAA… ana@laptop"')
    return line


def _beginning(value: str) -> str:
    return value if len(value) < 40 else f"{value[:40]}…"


def check_http_url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s\"'\\]+", value):
        raise ValueError(f"{value!r} is not an http address")
    return value.rstrip("/")


def check_email(value: str) -> str:
    """An e-mail address, "" for none. Raises ValueError."""
    if value and not re.fullmatch(r"[^\s@'\"\\-][^\s@'\"\\]*@[^\s@'\"\\]+", value):
        raise ValueError(f"{value!r} is not an e-mail address")
    return value


def check_bucket_place(value: str) -> str:
    if value and not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_./-]*)?", value):
        raise ValueError(f'{value!r} is not a place such as "s3://bucket/folder"')
    return value.rstrip("/")


def check_http_url_or_default(value: str) -> str:
    return check_http_url(value) if value else value


def check_node_line(value: str) -> str:
    if not value:
        raise ValueError('is empty: name a version such as "22"')
    return check_version(value)


def check_npm_version(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", value):
        raise ValueError(f'{value!r} is not a version such as "7.0.4" or "latest"')
    return value
