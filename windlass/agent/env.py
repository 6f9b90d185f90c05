"""The app's `.env`, read on the server: the variables that a step is given, the values that are masked."""

from __future__ import annotations

import json
import os
import re
import urllib.parse
from typing import Dict, Iterable, List

PERSON = (
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "PATH",
    "PM2_HOME",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
)
TRUST = ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO")
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
PASSED_ON = (*PERSON, *TRUST, *PROXIES)
"""All that a step gets of the agent's own environment: pm2 would keep whatever else is there in its dump."""

MASKED_LENGTH = 8
_LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*=[ \t]*
    (?: '((?:[^'])*)' | "((?:\\.|[^"\\])*)" | `([^`]*)` | ([^\#\r\n]*) )""",
    re.MULTILINE | re.VERBOSE,
)


def parse(text: str) -> Dict[str, str]:
    """The variables of a dotenv file, by the rules of the npm package dotenv: no expansion of `$`.

    Single quotes and backticks keep everything; double quotes turn `\\n` and `\\r` into line ends.
    """
    variables = {}
    for name, single, double, back, bare in _LINE.findall(text.replace("\r\n", "\n")):
        value = single or back or bare.strip()
        if double:
            value = double.replace("\\n", "\n").replace("\\r", "\r").replace('\\"', '"')
        variables[name] = value
    return variables


def read(path: str) -> Dict[str, str]:
    """The variables of the file, none where it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return parse(file.read())
    except OSError:
        return {}


def base() -> Dict[str, str]:
    """The clean environment that every step starts from."""
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment.setdefault("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    environment.setdefault("LANG", "C.UTF-8")
    return environment


def requested(
    kinds: Iterable[str], variables: Dict[str, str], url_name: str, lock_timeout: float
) -> Dict[str, str]:
    """What a step asked for beyond the base: see `windlass.plan.Environment`."""
    extra: Dict[str, str] = {}
    for kind in kinds:
        if kind == "shared":
            extra.update(variables)
        elif kind == "database":
            extra.update(postgres(variables.get(url_name, "")))
        elif kind == "migrate":
            extra.update(variables)
            if variables.get(url_name):
                extra[url_name] = with_lock_timeout(variables[url_name], lock_timeout)
        elif kind == "ssh" and "SSH_AUTH_SOCK" in os.environ:
            extra["SSH_AUTH_SOCK"] = os.environ["SSH_AUTH_SOCK"]
    return {name: value for name, value in extra.items() if "\0" not in value}


def postgres(url: str) -> Dict[str, str]:
    """The libpq variables of a PostgreSQL URL; no URL or another kind of one gives none.

    `?host=` (a socket's folder) and `sslmode` are honoured; Prisma's own `schema` becomes the search path.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        return {}
    query = dict(urllib.parse.parse_qsl(parts.query))
    try:
        port = parts.port
    except ValueError:
        port = None
    found = {
        "PGHOST": query.get("host") or urllib.parse.unquote(parts.hostname or ""),
        "PGPORT": str(port or query.get("port") or ""),
        "PGUSER": urllib.parse.unquote(parts.username or ""),
        "PGPASSWORD": urllib.parse.unquote(parts.password or ""),
        "PGDATABASE": urllib.parse.unquote(parts.path.lstrip("/")),
        "PGSSLMODE": query.get("sslmode", ""),
    }
    if re.fullmatch(r"\w+", query.get("schema", "")):
        found["PGOPTIONS"] = f"-c search_path={query['schema']}"
    return {name: value for name, value in found.items() if value}


def with_lock_timeout(url: str, seconds: float) -> str:
    """The URL with the server's `lock_timeout` set for the session, unless it carries options already."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or "options=" in parts.query:
        return url
    option = "options=" + urllib.parse.quote(f"-c lock_timeout={int(seconds * 1000)}")
    return urllib.parse.urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, option]))))


def maskable(variables: Dict[str, str]) -> List[str]:
    """The values to hide, longest first, each as it is, percent-encoded and JSON-encoded."""
    forms = set()
    for value in variables.values():
        pieces = {value, *value.splitlines()}
        password = urllib.parse.urlsplit(value).password if "://" in value and "@" in value else None
        if password:
            pieces |= {password, urllib.parse.unquote(password)}
        for piece in pieces:
            if len(piece) >= MASKED_LENGTH:
                forms |= {piece, urllib.parse.quote(piece, safe=""), json.dumps(piece)[1:-1]}
    return sorted(forms, key=len, reverse=True)


def masked(text: str, values: List[str]) -> str:
    """The text with every such value replaced by `********`."""
    for value in values:
        if value in text:
            text = text.replace(value, "********")
    return text
