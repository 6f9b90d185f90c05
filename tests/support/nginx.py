"""A real nginx of one's own, on loopback ports and in a temporary folder; and apps for it to stand before."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.processes import Completed, Running, run, wait_until
from tests.support.tiers import require

PATH = f"{os.environ.get('PATH', '/usr/bin:/bin')}:/usr/sbin:/sbin"

_ENDED = re.compile(r"worker process \d+ exited with code 0")

_MAIN = """\
{user}daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log notice;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
    include /etc/nginx/mime.types;
    access_log {folder}/other.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/conf.d/*.conf;
    include {folder}/sites-enabled/*;
}}
"""


class Nginx:
    """A configuration that includes `conf.d/*.conf` and `sites-enabled/*`, and a process that reads it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("conf.d", "sites-enabled"):
            (folder / name).mkdir(parents=True)
        self.main = folder / "nginx.conf"
        user = "user root root;\n" if os.geteuid() == 0 else ""
        self.main.write_text(_MAIN.format(folder=folder, user=user))
        self._process: Running | None = None

    @property
    def arguments(self) -> tuple[str, ...]:
        return ("-p", str(self.folder), "-c", str(self.main))

    def command(self, *words: str) -> Completed:
        """Run nginx with this configuration to its end."""
        return run([_binary(), *self.arguments, *words], timeout=20)

    def start(self) -> None:
        """Start, and return once the configuration is loaded."""
        self._process = Running([_binary(), *self.arguments])
        wait_until(self._ready, 10, lambda: f"nginx did not start: {self.error_log()}")

    def reload(self) -> None:
        """Have it read its configuration again; returns once no worker of before can take a connection."""
        before = len(_ENDED.findall(self.error_log()))
        self.command("-s", "reload").check()
        wait_until(lambda: len(_ENDED.findall(self.error_log())) > before, 10, self.error_log)

    def stop(self) -> None:
        if self._process:
            self._process.kill_group()

    def error_log(self) -> str:
        log = self.folder / "error.log"
        return log.read_text() if log.exists() else ""

    def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.alive, f"nginx ended: {self._process.output}"
        return "start worker process " in self.error_log()


class App:
    """A server on a port of 127.0.0.1 that says its name, as a slot's release would."""

    def __init__(self, name: str, port: int = 0) -> None:
        self.name = name
        self.connections = 0  # open ones, idle or not
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.bodies: list[bytes] = []  # those that were not empty
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(app: App) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            app.connections += 1
            super().setup()

        def finish(self) -> None:
            super().finish()
            app.connections -= 1

        def do_GET(self) -> None:
            app.seen.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            app.bodies += [body] if body else []
            status = int(self.path.removeprefix("/status/")) if self.path.startswith("/status/") else 200
            kind, body = self._content()
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.send_header("x-windlass-upstream", "the app may not say this")
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PUT = do_GET  # noqa: N815

        def _content(self) -> tuple[str, bytes]:
            if self.path == "/":
                script = f"<script src='/_next/static/{app.name}.js'></script>"
                return "text/html", f"<html>{script}{app.name}</html>".encode()
            if self.path == "/long":
                return "text/plain", b"long " * 1000
            return "application/json", b'{"commit": "%s"}' % app.name.encode()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


class Answer:
    """What came back for one request; header names are in lower case."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(
    port: int,
    path: str = "/api/health",
    headers: dict[str, str] | None = None,
    *,
    method: str = "GET",
    body: bytes | None = None,
    tls: bool = False,
    address: str = "127.0.0.1",
) -> Answer:
    """One request on a connection of its own; no certificate is checked."""
    connection: http.client.HTTPConnection
    if tls:
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection(address, port, timeout=10, context=context)
    else:
        connection = http.client.HTTPConnection(address, port, timeout=10)
    try:
        connection.request(method, path, body, headers or {})
        return Answer(connection.getresponse())
    finally:
        connection.close()


def _binary() -> str:
    found = shutil.which("nginx", path=PATH)
    require(found is not None, "nginx is not installed: apt-get install nginx-light")
    return str(found)
