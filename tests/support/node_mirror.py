"""A mirror of node's official builds that has one: the node of the test environment, packed as nodejs.org packs it."""

from __future__ import annotations

import hashlib
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support import node
from tests.support.cache import built, digest
from tests.support.processes import run

PLATFORM = {"x86_64": "linux-x64", "aarch64": "linux-arm64"}


@contextmanager
def mirror(address: str) -> Iterator[str]:
    """Serve the mirror at an address of this machine; its URL, as `[setup] node_dist` takes it."""
    handler = partial(_Quiet, directory=str(folder()))
    with ThreadingHTTPServer((address, 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://{address}:{server.server_port}"
        finally:
            server.shutdown()


def version() -> str:
    """The version that the mirror has, as `node --version` prints it."""
    return run([node.node_home() / "bin/node", "--version"]).check().stdout.strip()


def folder() -> Path:
    """The mirror's files: index.json, and the build with its SHASUMS256.txt."""
    home, name = node.node_home(), f"node-{version()}-{_platform()}"

    def pack(place: Path) -> None:
        builds = place / version()
        builds.mkdir()
        archive = builds / f"{name}.tar.gz"
        with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
            tar.add(home, name)
        checksum = hashlib.sha256(archive.read_bytes()).hexdigest()
        (builds / "SHASUMS256.txt").write_text(f"{checksum}  {archive.name}\n")
        index = [{"version": version(), "lts": "Jod", "files": [_platform()]}]
        (place / "index.json").write_text(json.dumps(index))

    return built("node-mirror", digest(str(home), name), pack)


def _platform() -> str:
    return PLATFORM[run(["uname", "-m"]).check().stdout.strip()]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass
