"""An app's name, from what others call it."""

from __future__ import annotations

import re
import unicodedata

from windlass.config.spelling import is_name

_GENERIC = {
    "app",
    "api",
    "backend",
    "client",
    "frontend",
    "my-app",
    "server",
    "site",
    "web",
    "website",
    "www",
}


def as_name(text: str) -> str:
    """The text as a name that a configuration takes; "" where nothing of it can be used."""
    plain = unicodedata.normalize("NFKD", text.rpartition("/")[2]).encode("ascii", "ignore").decode()
    dashed = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    short = re.sub(r"^[^a-z]+", "", dashed)[:40].strip("-")
    return short if is_name(short) else ""


def app_name(package: str, repository: str, *, top: bool) -> str:
    """What package.json calls the app; where that says little, what the repository is called.

    `top`: the app is all of the repository, else one of several, whose own name is kept behind the repository's.
    """
    own, whole = as_name(package), as_name(repository)
    if own in _GENERIC and whole:
        own = "" if top else as_name(f"{whole}-{own}")
    name = own or whole or "app"
    return f"{name[:36]}-app" if name.endswith(("-blue", "-green")) else name


def repository_name(address: str) -> str:
    """The last part of a repository's address or path, without .git."""
    return re.split(r"[/:\\]", address.rstrip("/"))[-1].removesuffix(".git")
