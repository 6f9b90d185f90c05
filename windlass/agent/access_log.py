"""Reading nginx's access log (a JSON object a line) as it grows and is rotated."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO


@dataclass(frozen=True)
class Request:
    """One request that an upstream answered, or failed to; `upstream` is "" where none was asked."""

    upstream: str
    status: int
    path: str = ""
    probe: bool = False


def parse(line: bytes) -> Request | None:
    """A visitor's request; None where the line is not one of ours, is torn, or came to no upstream."""
    request = _read(line)
    return request if request and request.upstream and not request.probe else None


def answered(addresses: str) -> str:
    """Of the addresses that nginx names, which are tries, the last: that one answered."""
    return addresses.replace(" : ", ", ").split(", ")[-1]


def _read(line: bytes) -> Request | None:
    """Anybody's request; None where the line is not of the site's format."""
    try:
        fields = json.loads(line.decode("utf-8", "replace"))
        status = int(fields["status"])
        upstream = answered(str(fields["upstream_addr"])).strip("-")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return Request(upstream, status, str(fields.get("uri", "")), str(fields.get("probe")) == "1")


@dataclass
class Share:
    """How many requests there were, and how many of them ended in a server error, by path."""

    requests: int = 0
    errors: int = 0

    def __post_init__(self) -> None:
        self.by_path: dict[str, int] = {}

    def add(self, request: Request) -> None:
        self.requests += 1
        if request.status >= 500:
            self.errors += 1
            self.by_path[request.path] = self.by_path.get(request.path, 0) + 1

    @property
    def percent(self) -> float:
        return 100.0 * self.errors / self.requests if self.requests else 0.0

    def worst(self) -> str:
        """The path with most errors, and how many."""
        if not self.by_path:
            return ""
        path = max(self.by_path, key=lambda one: self.by_path[one])
        return f"{self.by_path[path]} of them at {path[:100] or '(no path)'}"


class AccessLog:
    """Follows the file by its path: through renames, truncation, and a time when it is not there.

    `probes` counts our own requests in what is new, `strange` the lines of another format.
    """

    def __init__(self, path: str) -> None:
        self.probes = self.strange = 0
        self._path = path
        self._file: BinaryIO | None = None
        self._partial = b""

    def before(self, size: int) -> Iterator[Request]:
        """The requests in the last `size` bytes; what is read later starts after them. Raises OSError."""
        self._open()
        assert self._file is not None
        end = self._file.seek(0, os.SEEK_END)
        self._file.seek(max(0, end - size))
        if end > size:
            self._file.readline()  # the rest of a line whose beginning is out of reach
        found = self._requests()
        self.probes = self.strange = 0
        return iter(found)

    def new(self) -> list[Request]:
        """What was logged since the last call, in this file and the next. Raises OSError."""
        if self._file is None:
            self._open()
        found = self._requests()
        if self._replaced():
            found += self._requests()  # written between the read and the rename
            self._open()
            found += self._requests()
        return found

    def _open(self) -> None:
        incoming = open(self._path, "rb")  # noqa: SIM115
        if self._file is not None:
            self._file.close()
        self._file, self._partial = incoming, b""

    def _replaced(self) -> bool:
        assert self._file is not None
        try:
            there = os.stat(self._path)
        except FileNotFoundError:
            return False  # renamed away, and nginx has not reopened it yet
        return not os.path.samestat(there, os.fstat(self._file.fileno()))

    def _requests(self) -> list[Request]:
        assert self._file is not None
        if os.fstat(self._file.fileno()).st_size < self._file.tell():
            self._file.seek(0)
            self._partial = b""
        *lines, self._partial = (self._partial + self._file.read()).split(b"\n")
        read = [_read(line) for line in lines if line.strip()]
        known = [request for request in read if request is not None]
        self.strange += len(read) - len(known)
        self.probes += sum(request.probe for request in known)
        return [request for request in known if request.upstream and not request.probe]

    def blindness(self) -> str:
        """Why it tells nothing of what nginx answers, after a probe asked nginx; "" where it tells of that."""
        if self.probes:
            return ""
        if self.strange:
            return f"{self._path}: its lines are not of the format of Windlass's site"
        return (
            f"{self._path}: what nginx answers is not in it; is it the log of the site that nginx has loaded?"
        )
