"""The app's `.env`, read on the server: the variables that a step is given, the values that are masked."""

from __future__ import annotations

import json
import os
import re
import urllib.parse
from typing import Dict, Iterable, List, Match, Set, Tuple

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

POSTGRES = ("postgres", "postgresql")
MASKED_LENGTH = 8
"""Characters from which a value is masked wherever it stands; a shorter one only as a whole word."""

SHORT_LENGTH = 4
"""Characters from which a shorter value is masked: of a variable whose name says that it is secret."""

_SECRET_NAME = re.compile(
    r"pass(?!ive)|pwd|secret|token|key(?!s?_?(?:id|name)s?$)|credential|private|salt|auth|pin$|dsn",
    re.IGNORECASE,
)
_SAYS_NOTHING = re.compile(r"(?i:true|false|null|none|undefined|auto|development|production|test)")
LINE = re.compile(
    r"""^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)
    (\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^\#\n]+)?\s*(?:\#.*)?$""",
    re.MULTILINE | re.VERBOSE | re.ASCII,
)
_QUOTED = re.compile(r"""^(['"`])([\s\S]*)\1$""", re.MULTILINE)
_REFERENCE = re.compile(r"(?<!\\)\$(?:\{(\w+)(?::-([^}\\]*))?\}|(\w+))", re.ASCII)


def parse(text: str) -> Dict[str, str]:
    """The variables of a dotenv file, by the rules of the npm package dotenv: no expansion of `$`.

    Single quotes and backticks keep everything; double quotes turn `\\n` and `\\r` into line ends.
    """
    variables = {}
    for name, found in LINE.findall(text.replace("\r\n", "\n").replace("\r", "\n")):
        value = _QUOTED.sub(r"\2", found.strip())
        if found.strip().startswith('"'):
            value = value.replace("\\n", "\n").replace("\\r", "\r")
        variables[name] = value
    return variables


def expanded(variables: Dict[str, str]) -> Dict[str, str]:
    """The values as Next.js and Prisma read them: `\\$` is a `$`, and `$NAME` is another variable's value.

    Where the file has no such variable `$NAME` stays: then the app reads it as it is written.
    """

    def value(name: str, within: Tuple[str, ...]) -> str:
        def put(reference: Match[str]) -> str:
            other = reference[1] or reference[3]
            if other in variables and other not in within:
                return value(other, (*within, other))
            return reference[2] or reference[0]

        return _REFERENCE.sub(put, variables[name])

    return {name: value(name, (name,)).replace("\\$", "$") for name in variables}


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
            extra.update(postgres(expanded(variables).get(url_name, "")))
        elif kind == "migrate":
            extra.update(variables)
            if variables.get(url_name):
                extra[url_name] = with_lock_timeout(variables[url_name], lock_timeout)
        elif kind == "scratch":
            extra.update(on_scratch(expanded(variables), url_name))
            if extra.get(url_name):
                extra[url_name] = with_lock_timeout(extra[url_name], lock_timeout)
        elif kind == "ssh" and "SSH_AUTH_SOCK" in os.environ:
            extra["SSH_AUTH_SOCK"] = os.environ["SSH_AUTH_SOCK"]
    return {name: value for name, value in extra.items() if "\0" not in value}


def postgres(url: str) -> Dict[str, str]:
    """The libpq variables of a PostgreSQL URL; no URL, a broken one or another kind of one gives none.

    `?host=` (a socket's folder) and `sslmode` are honoured; Prisma's own `schema` becomes the search path.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return {}
    if parts.scheme not in POSTGRES:
        return {}
    query = dict(urllib.parse.parse_qsl(parts.query))
    found = {
        "PGHOST": query.get("host") or urllib.parse.unquote(host),
        "PGPORT": str(port or query.get("port") or ""),
        "PGUSER": urllib.parse.unquote(parts.username or ""),
        "PGPASSWORD": urllib.parse.unquote(parts.password or ""),
        "PGDATABASE": urllib.parse.unquote(parts.path.lstrip("/")),
        "PGSSLMODE": query.get("sslmode", ""),
    }
    if re.fullmatch(r"[\w-]+", query.get("schema", "")):
        found["PGOPTIONS"] = f'-c search_path="{query["schema"]}"'
    return {name: value for name, value in found.items() if value}


def on_scratch(variables: Dict[str, str], url_name: str) -> Dict[str, str]:
    """The variables with the scratch database (see `windlass.commands.scratch`) in the place of the app's own.

    In every URL that names it: a tool may migrate by another variable than the app reads. Without a URL of
    PostgreSQL there is nothing that a rehearsal could be kept off, and no variable at all is given.
    """
    database = postgres(variables.get(url_name, "")).get("PGDATABASE", "")
    if not database:
        return {}
    scratch = urllib.parse.quote(database[:40] + "_windlass_scratch", safe="")
    found = dict(variables)
    for name, value in variables.items():
        if postgres(value).get("PGDATABASE") == database:
            found[name] = urllib.parse.urlunsplit(urllib.parse.urlsplit(value)._replace(path="/" + scratch))
    return found


def with_lock_timeout(url: str, seconds: float) -> str:
    """The URL with the server's `lock_timeout` set for the session, unless it carries options already."""
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:
        return url
    if parts.scheme not in POSTGRES or "options=" in parts.query:
        return url
    option = "options=" + urllib.parse.quote(f"-c lock_timeout={int(seconds * 1000)}")
    return urllib.parse.urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, option]))))


def maskable(variables: Dict[str, str]) -> List[str]:
    """The values to hide, longest first, each as written and as expanded, plain, percent-encoded and as JSON.

    Of those under MASKED_LENGTH the passwords of URLs, and what a variable holds whose name says that it is secret:
    another short value is a word like any other.
    """
    forms = set()
    values = {*variables.values(), *expanded(variables).values()}
    for value in values | {value.replace("\\$", "$") for value in values}:
        for piece in {value, *value.splitlines(), *_passwords(value)}:
            if len(piece) >= MASKED_LENGTH:
                forms |= {piece, *_encoded(piece)}
        forms |= _short_passwords(value)
    for name, value in [*variables.items(), *expanded(variables).items()]:
        short = SHORT_LENGTH <= len(value) < MASKED_LENGTH and not _SAYS_NOTHING.fullmatch(value)
        if short and _SECRET_NAME.search(name):
            forms |= {value, *_encoded(value)}
    return sorted(forms, key=len, reverse=True)


def _short_passwords(value: str) -> Set[str]:
    """Of a URL's short password: how it stands there, and as a word, unless it is the user's or the path's as well."""
    forms = set()
    for password in _passwords(value):
        if len(password) < MASKED_LENGTH:
            forms.add(f":{password}@")
            elsewhere = urllib.parse.urlsplit(value)._replace(netloc="").geturl().split("/")
            if len(password) >= SHORT_LENGTH and password not in (
                *elsewhere,
                urllib.parse.urlsplit(value).username,
            ):
                forms |= {password, *_encoded(password)}
    return forms


def _passwords(value: str) -> List[str]:
    """The password of a URL, as it stands there and as it is."""
    try:
        password = urllib.parse.urlsplit(value).password if "://" in value else None
    except ValueError:
        return []
    return [password, urllib.parse.unquote(password)] if password else []


def _encoded(piece: str) -> Set[str]:
    """As Python and as JavaScript encode it."""
    percent = {urllib.parse.quote(piece, safe=safe, errors="replace") for safe in ("", "!'()*")}
    return percent | {json.dumps(piece, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}


def masked(text: str, values: List[str]) -> str:
    """The text with every such value replaced by `********`."""
    for value in values:
        if value in text:
            text = (
                text.replace(value, "********") if len(value) >= MASKED_LENGTH else _word_masked(text, value)
            )
    return text


def _word_masked(text: str, value: str) -> str:
    """A short value is part of many a word."""
    before = r"(?<!\w)" if value[0].isalnum() else ""
    after = r"(?!\w)" if value[-1].isalnum() else ""
    return re.sub(f"{before}{re.escape(value)}{after}", "********", text)


def cut(raw: bytes, values: List[str]) -> Tuple[bytes, bytes]:
    """What of an unfinished line can be shown, masked, and the rest, in which a secret may have begun."""
    longest = max((len(value.encode()) for value in values), default=0)
    hidden = masked(raw.decode("utf-8", "surrogateescape"), values).encode("utf-8", "surrogateescape")
    end = max(0, len(hidden) - longest)
    while 0 < end < len(hidden) and hidden[end] & 0xC0 == 0x80:  # not within a character
        end -= 1
    return hidden[:end], hidden[end:]
