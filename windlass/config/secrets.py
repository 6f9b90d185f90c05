"""Secrets that were written into a configuration, where whoever reads the repository finds them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from windlass.config.problem import PASSWORD_IN_URL, Path, Problem

SECRET_NAME = re.compile(
    r"((^|_|API|ACCESS)KEY|SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL)S?(_|$)", re.IGNORECASE
)
PUBLIC_NAME = re.compile(r"(NEXT_PUBLIC_|.*PUBLIC_KEY|.*_(FILE|PATH|ID)$)", re.IGNORECASE)
SECRET_VALUE = re.compile(
    r"\b(gh[pousr]_|github_pat_|glpat-|xox[abp]-|sk_live_)[A-Za-z0-9_-]{10,}|\bAKIA[0-9A-Z]{16}\b"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
TOKEN_IN_URL = re.compile(r"https?://[^/\s:@$]+@")
WHERE = "belongs in the server's shared/.env"


def secrets_in(values: Any, path: Path = ()) -> Iterator[Problem]:
    """A problem for each value that looks like a secret; none of them shows the value."""
    if isinstance(values, dict):
        for key, value in values.items():
            yield from secrets_in(value, (*path, key))
    elif isinstance(values, list):
        for index, value in enumerate(values):
            yield from secrets_in(value, (*path, index))
    elif isinstance(values, str) and (what := _what_it_looks_like(values, path)):
        yield Problem(path, what)


def _what_it_looks_like(value: str, path: Path) -> str:
    password = PASSWORD_IN_URL.search(value)
    if (password and "$" not in password[0]) or TOKEN_IN_URL.search(value):
        if path == ("app", "repository"):
            return "holds a password: use git@host:owner/name.git with a deploy key (git.key)"
        return f"holds an address with a password in it, which {WHERE}"
    name = path[-1]
    in_env = "env" in path[:-1]
    named = in_env and isinstance(name, str) and SECRET_NAME.search(name) and not PUBLIC_NAME.match(name)
    if value and (named or SECRET_VALUE.search(value)):
        return f"looks like a secret, which {WHERE}"
    return ""
