"""OpenSSH's known_hosts: which host keys are trusted, judged and written without Paramiko.

Paramiko's own reader ignores patterns and revoked keys, and ends with an exception on a torn line.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

DEFAULT_PORT = 22
MARKERS = ("@revoked", "@cert-authority")


@dataclass(frozen=True)
class HostKey:
    """A public host key: its type as in known_hosts ("ssh-ed25519") and its wire form."""

    type: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """`SHA256:…`, as ssh-keygen prints it."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    @property
    def label(self) -> str:
        """The family's name and the fingerprint: what a person compares."""
        family = self.type.removeprefix("ssh-").removeprefix("ecdsa-sha2-").split("@")[0].upper()
        return f"{'ECDSA' if family.startswith('NISTP') else family} {self.fingerprint}"


@dataclass(frozen=True)
class Entry:
    """One line of a known_hosts file; `marker` is "" or one of `MARKERS`."""

    names: str
    key: HostKey
    marker: str
    file: Path
    line: int

    def matches(self, name: str) -> bool:
        """Whether the line is about this host, `host` or `[host]:port`."""
        name = name.lower()
        if self.names.startswith("|1|"):
            return _hash_matches(self.names, name)
        patterns = self.names.lower().split(",")
        if any(_fits(pattern[1:], name) for pattern in patterns if pattern.startswith("!")):
            return False
        return any(_fits(pattern, name) for pattern in patterns)

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Verdict:
    """What known_hosts says about a key; `entry` is the line that decided, if one did."""

    state: Literal["trusted", "unknown", "changed", "revoked"]
    entry: Entry | None = None


@dataclass(frozen=True)
class KnownHosts:
    """Every line of every file that applies, in order."""

    entries: tuple[Entry, ...]

    @classmethod
    def read(cls, files: Iterable[Path]) -> KnownHosts:
        """The files that exist; raises OSError for one that cannot be read."""
        entries: list[Entry] = []
        for file in files:
            if file.is_file():
                entries += parse(file.read_text(errors="replace"), file)
        return cls(tuple(entries))

    def types(self, names: Sequence[str]) -> list[str]:
        """The key types that are trusted for a host, in the files' order."""
        return list(dict.fromkeys(entry.key.type for name in names for entry in self._plain(name)))

    def judge(self, names: Sequence[str], key: HostKey) -> Verdict:
        """Judge a key for a host.

        `names` are `lookup_names`: any of them may say yes, only the first can say "changed", as in OpenSSH.
        """
        for entry in self.entries:
            if entry.marker == "@revoked" and entry.key == key and any(map(entry.matches, names)):
                return Verdict("revoked", entry)
        for entry in (entry for name in names for entry in self._plain(name)):
            if entry.key == key:
                return Verdict("trusted", entry)
        others = sorted(self._plain(names[0]), key=lambda entry: entry.key.type != key.type)
        return Verdict("changed", others[0]) if others else Verdict("unknown")

    def has_authority(self, names: Sequence[str]) -> bool:
        """Whether a certificate authority is trusted for the host; its certificates are not understood."""
        return any(e.marker == "@cert-authority" and any(map(e.matches, names)) for e in self.entries)

    def readable_names(self) -> list[str]:
        """Every host name that is not hashed or a pattern."""
        names = (name for entry in self.entries for name in entry.names.split(","))
        return [re.sub(r"^\[(.*)\]:\d+$", r"\1", name) for name in names if not re.search(r"[|*?!]", name)]

    def _plain(self, name: str) -> list[Entry]:
        return [entry for entry in self.entries if not entry.marker and entry.matches(name)]


def lookup_names(host: str, port: int = DEFAULT_PORT) -> tuple[str, ...]:
    """The names that a host is looked up by, the one it is written under first."""
    host = host.lower()
    return (host,) if port == DEFAULT_PORT else (f"[{host}]:{port}", host)


def parse(text: str, file: Path = Path("known_hosts")) -> list[Entry]:
    """The entries of a file's text; a line that cannot be understood is passed over, as OpenSSH does."""
    entries = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        marker = words.pop(0) if words and words[0] in MARKERS else ""
        if len(words) < 3 or words[0].startswith(("#", "@")):
            continue
        try:
            blob = base64.b64decode(words[2], validate=True)
        except ValueError:
            continue
        entries.append(Entry(words[0], HostKey(words[1], blob), marker, file, number))
    return entries


def written(name: str, key: HostKey, *, hashed: bool = False) -> str:
    """The line that trusts a key for a host, with its newline."""
    if hashed:
        salt = os.urandom(20)
        digest = hmac.digest(salt, name.encode(), "sha1")
        name = f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"
    return f"{name} {key.type} {base64.b64encode(key.blob).decode()}\n"


def without(text: str, name: str) -> str:
    """The file's text with nothing left that trusts a key for exactly this name; markers stay."""
    kept = []
    for line in text.splitlines(keepends=True):
        entries = parse(line)
        if not entries or entries[0].marker or not entries[0].matches(name):
            kept.append(line)
        elif not entries[0].names.startswith("|1|"):
            names = entries[0].names.split(",")
            others = [other for other in names if other.lower() != name.lower()]
            if any(not other.startswith("!") for other in others):
                kept.append(line.replace(entries[0].names, ",".join(others), 1))
    return "".join(kept)


def append(file: Path, line: str) -> None:
    """Add a line in one write, so that two writers cannot mix; a new folder is 0700, a new file 0600."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, (("\n" if torn else "") + line).encode())
    finally:
        os.close(descriptor)


def rewrite(file: Path, text: str) -> None:
    """Replace the file's text by a rename and keep the old one beside it as `.old`, as ssh-keygen -R does."""
    file = file.resolve()
    incoming, old = file.with_name(file.name + ".next"), file.with_name(file.name + ".old")
    descriptor = os.open(incoming, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, file.stat().st_mode & 0o777)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
    old.unlink(missing_ok=True)
    os.link(file, old)
    incoming.replace(file)


def _hash_matches(names: str, name: str) -> bool:
    try:
        salt, digest = (base64.b64decode(part, validate=True) for part in names.split("|")[2:4])
    except ValueError:
        return False
    return hmac.compare_digest(hmac.digest(salt, name.encode(), "sha1"), digest)


def _fits(pattern: str, name: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, name) is not None
