"""What nginx serves beside Windlass's own site: which file proxies to which port of this server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from windlass.commands.nginx import BINARIES
from windlass.question import Answer, Question
from windlass.shell import Command, all_of

_FILE = re.compile(r"^# configuration file (.+):$", re.MULTILINE)
_TOKEN = re.compile(
    r"""\s*(?:\#[^\n]*|([{};])|"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|((?:\\.|[^\s{};"'\\#])[^\s{};]*))"""
)
_HERE = ("127.0.0.1", "localhost", "::1", "0.0.0.0")  # noqa: S104 - compared, not bound
ELSEWHERE = 0
"""In place of a port: another server, or nothing that can be told by reading."""


@dataclass(frozen=True)
class Directive:
    """`words` up to the semicolon or the brace; `block` is None where there is no brace."""

    words: tuple[str, ...]
    block: tuple[Directive, ...] | None = None

    def all(self, name: str) -> Iterator[Directive]:
        """Every directive of that name within, at any depth."""
        for inner in self.block or ():
            if inner.words[:1] == (name,):
                yield inner
            yield from inner.all(name)


@dataclass(frozen=True)
class Server:
    """One server block; `ports` are those that it proxies to, ELSEWHERE among them for what is not here."""

    names: tuple[str, ...]
    listens: frozenset[int]
    ports: frozenset[int]
    certificate: str
    certificate_key: str
    directives: frozenset[str]


@dataclass(frozen=True)
class Site:
    """A file with server blocks; `alone`: they are all that it holds, so that it can be moved as a whole."""

    path: str
    servers: tuple[Server, ...]
    alone: bool

    def proxies_to(self, port: int) -> bool:
        return any(port in server.ports for server in self.servers)


def question() -> Question[tuple[Site, ...]]:
    """Needs root, who alone may read certificates' keys: nginx tests what it prints."""
    dump = Command("nginx -T 2>/dev/null || true")
    return Question("sites", all_of(BINARIES, dump), parse)


def parse(answer: Answer) -> tuple[Site, ...]:
    """The files in the order in which nginx reads them; none where nginx's configuration is broken."""
    pieces = _FILE.split(answer.out)[1:]
    files = {
        path: tuple(_directives(iter(_tokens(text))))
        for path, text in zip(pieces[::2], pieces[1::2], strict=True)
    }
    upstreams = _upstreams(files.values())
    return tuple(site for path, file in files.items() if (site := _site(path, file, upstreams)).servers)


def _tokens(text: str) -> list[tuple[bool, str]]:
    """The words, each with whether it is punctuation."""
    found = []
    for mark, double, single, word in _TOKEN.findall(text):
        if mark:
            found.append((True, mark))
        elif double or single or word:
            found.append((False, double or single or word))
    return found


def _directives(tokens: Iterator[tuple[bool, str]]) -> Iterator[Directive]:
    words: list[str] = []
    for punctuation, text in tokens:
        if not punctuation:
            words.append(text)
        elif text == "{":
            yield Directive(tuple(words), tuple(_directives(tokens)))
            words = []
        elif text == ";":
            yield Directive(tuple(words))
            words = []
        else:
            return


def _upstreams(files: Iterable[tuple[Directive, ...]]) -> dict[str, frozenset[int]]:
    found = {}
    for file in files:
        for upstream in Directive((), file).all("upstream"):
            ports = [_port(server.words[1]) for server in upstream.all("server")]
            found[upstream.words[1]] = frozenset(ports)
    return found


def _site(path: str, file: tuple[Directive, ...], upstreams: Mapping[str, frozenset[int]]) -> Site:
    blocks = list(Directive((), file).all("server"))
    servers = tuple(_server(block, upstreams) for block in blocks if block.block is not None)
    alone = all(directive.words[0] in ("server", "upstream", "map") for directive in file)
    return Site(path, servers, alone)


def _server(block: Directive, upstreams: Mapping[str, frozenset[int]]) -> Server:
    ports: set[int] = set()
    for directive in block.all("proxy_pass"):
        target = urlsplit(directive.words[1]).netloc
        ports |= upstreams.get(target) or {_port(target)}
    return Server(
        names=tuple(word for one in block.all("server_name") for word in one.words[1:]),
        listens=frozenset(_listen(one.words[1]) for one in block.all("listen")),
        ports=frozenset(ports),
        certificate=_value(block, "ssl_certificate"),
        certificate_key=_value(block, "ssl_certificate_key"),
        directives=frozenset(_names(block)),
    )


def _names(block: Directive) -> Iterator[str]:
    for inner in block.block or ():
        yield inner.words[0] if inner.words else ""
        yield from _names(inner)


def _value(block: Directive, name: str) -> str:
    return next((one.words[1] for one in block.all(name) if len(one.words) > 1), "")


def _port(address: str) -> int:
    """The port of an address of this machine, ELSEWHERE for any other."""
    host, _, port = address.rpartition(":") if re.search(r":\d+$", address) else (address, "", "80")
    return int(port) if host.strip("[]") in _HERE else ELSEWHERE


def _listen(word: str) -> int:
    port = word.rpartition(":")[2]
    return int(port) if port.isdigit() else 80
