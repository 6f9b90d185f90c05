"""The nginx files of a repository: which site proxies to the app, and what it says of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from windlass.init.project import Project

_FILE = re.compile(
    r"(?:.*/)?(?:[^/]*nginx[^/]*|[^/]*\.conf(?:\.template)?|(?:nginx|sites-(?:available|enabled)|conf\.d)/[^/]+)"
)
_TOKEN = re.compile(
    r"""
      \s+ | \#[^\n]*
    | (?P<mark>[{};])
    | "(?P<double>(?:[^"\\]|\\.)*)"
    | '(?P<single>(?:[^'\\]|\\.)*)'
    | (?P<word>(?:\$\{\w+\}|[^\s{};\\]|\\.)+)
    """,
    re.VERBOSE | re.DOTALL,
)
_NAME = re.compile(r"(\*\.)?[A-Za-z0-9_][A-Za-z0-9_.-]*")
_PROXY = re.compile(r"https?://(?:127\.0\.0\.1|localhost|\[::1\]|0\.0\.0\.0):(\d{1,5})")


@dataclass
class Server:
    """One `server` block: every directive in it and below, by name, with its arguments."""

    file: str
    directives: list[list[str]] = field(default_factory=list)

    def all(self, name: str) -> list[list[str]]:
        return [words[1:] for words in self.directives if words[0] == name]

    def last(self, name: str) -> str:
        """The first argument of the last directive of that name, "" where there is none."""
        found = [words[0] for words in self.all(name) if words]
        return found[-1] if found else ""


@dataclass(frozen=True)
class Site:
    """What is known of the app's site; `file` is "" where no nginx file of the repository proxies to an app."""

    file: str = ""
    names: tuple[str, ...] = ()
    port: int = 0
    certificate: str = ""
    certificate_key: str = ""
    max_body: str = ""
    read_timeout: float = 0
    others: tuple[str, ...] = ()


def site(project: Project, port: int = 0) -> Site:
    """The site that proxies to `port`, or where that is 0 or nobody's, the first that proxies to an app."""
    servers: list[Server] = []
    upstreams: dict[str, int] = {}
    for file in project.top.matching(_FILE):
        text = project.top.text(file)
        if re.search(r"\bserver\s*\{", text):
            found, named = _read(text, file)
            servers += found
            upstreams |= named
    ports = [_port(server, upstreams) for server in servers]
    proxied = [each for each in ports if each]
    if not proxied:
        return Site()
    chosen = port if port in proxied else proxied[0]
    main = servers[ports.index(chosen)]
    same = [
        server
        for server, each in zip(servers, ports, strict=True)
        if each == chosen or _redirects_to(server, main)
    ]
    others = dict.fromkeys(str(each) for each in proxied if each != chosen)
    return _site(main, same, chosen, tuple(others))


def _read(text: str, file: str) -> tuple[list[Server], dict[str, int]]:
    """The server blocks of a file, and the port of the first server of each upstream."""
    servers: list[Server] = []
    upstreams: dict[str, int] = {}
    blocks: list[list[str]] = []
    words: list[str] = []
    for token in _TOKEN.finditer(text):
        if token["mark"] is None:
            words += [part for part in (token["double"], token["single"], token["word"]) if part is not None]
            continue
        if token["mark"] == "{":
            blocks.append(words)
            if words[:1] == ["server"]:
                servers.append(Server(file))
        elif token["mark"] == "}":
            del blocks[-1:]
        elif words:
            names = [block[0] for block in blocks if block]
            if "server" in names and servers:
                servers[-1].directives.append(words)
            elif (
                names[-1:] == ["upstream"] and words[0] == "server" and len(blocks[-1]) > 1 and len(words) > 1
            ):
                port = re.search(r":(\d{1,5})$", words[1])
                upstreams.setdefault(blocks[-1][1], int(port[1]) if port else 0)
        words = []
    return servers, upstreams


def _port(server: Server, upstreams: dict[str, int]) -> int:
    """The port on this machine that the block proxies to, "/" before other places; 0 for none."""
    for words in server.all("proxy_pass"):
        target = words[0] if words else ""
        if direct := _PROXY.match(target):
            return int(direct[1])
        name = re.sub(r"^https?://", "", target).split("/")[0]
        if upstreams.get(name):
            return upstreams[name]
    return 0


def _names(server: Server) -> list[str]:
    return [
        name
        for words in server.all("server_name")
        for name in words
        if name not in ("_", "localhost") and _NAME.fullmatch(name)
    ]


def _redirects_to(server: Server, main: Server) -> bool:
    return bool(server.all("return")) and bool(set(_names(server)) & set(_names(main)))


def _site(main: Server, same: Sequence[Server], port: int, others: tuple[str, ...]) -> Site:
    names = dict.fromkeys(name for server in (main, *same) for name in _names(server))
    secure = next((server for server in (main, *same) if server.last("ssl_certificate")), main)
    body = main.last("client_max_body_size").lower()
    wait = re.fullmatch(r"(\d+)(s|m)?", main.last("proxy_read_timeout"))
    return Site(
        file=main.file,
        names=tuple(names),
        port=port if 1 <= port <= 65535 else 0,
        certificate=secure.last("ssl_certificate"),
        certificate_key=secure.last("ssl_certificate_key"),
        max_body=body if re.fullmatch(r"\d+[kmg]?", body) else "",
        read_timeout=int(wait[1]) * (60 if wait[2] == "m" else 1) if wait else 0,
        others=others,
    )
