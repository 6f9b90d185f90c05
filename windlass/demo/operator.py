"""The demo's person at the keyboard: a home, a key and a config of their own, and the real command."""

from __future__ import annotations

import shlex
import site
import subprocess
import sys
from pathlib import Path

from windlass.demo.remains import MARK
from windlass.demo.server import Server, make_key
from windlass.errors import WindlassError
from windlass.packaged import CHECKOUT, TEMPLATES

APP, HOST = "harbour", "demo"

_SSH = """\
Host {host}
    HostName 127.0.0.1
    Port {server.port}
    User {server.user}
"""

_CONFIG = """\
[app]
name = "{app}"
repository = "{repository}"
root = "{root}"

[targets.demo]
hosts = ["{host}"]

[build]
verify = ["dist/index.html"]
cache = []

[web]
script = "server.mjs"
ports = {server.app_ports}
kill_timeout = 2
drain = 5

[health]
start_timeout = 3
timeout = 2
min_healthy = 1
min_healthy_known = 0.5
revision = "commit"

[soak]
seconds = 2

[nginx]
listen = {server.http_port}
site = "{server.sites}/{app}.conf"
access_log = "{server.folder}/nginx/{app}.access.log"
assets_url = "/assets/"
assets_from = "dist/assets"
retry_after = 10

[limits]
disk_free_mb = 100
memory_free_mb = 100

[[contacts]]
role = "On call"
contact = "whoever runs this demo"
"""


class Operator:
    """Whoever runs the commands of a server; nothing of the real user's SSH or Windlass settings is seen.

    `command` is a program that runs Windlass as this person, from any folder; it lasts as long as the server.
    """

    def __init__(self, server: Server, repository: Path) -> None:
        self._server = server
        self._home = server.folder / "operator"
        self.command = self.command_of(server)
        self._make_home()
        self._configure(repository)
        self._make_command()

    @staticmethod
    def command_of(server: Server) -> Path:
        """Where the command is; it has the name of the program that runs the demo."""
        return server.folder / Path(sys.argv[0]).name

    @property
    def name(self) -> str:
        return self.command.name

    def run(self, *arguments: str) -> int:
        """Run a command where all its output can be seen, and return its exit code; it does not outlive this call."""
        sys.stdout.flush()
        words: list[str | Path] = [self.command, *arguments]
        with subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT) as process:
            try:
                return process.wait()
            except BaseException:
                process.kill()  # what it drives ends with its server
                raise

    def prepare(self, *arguments: str) -> None:
        """Run a command unseen; raises WindlassError with what it printed if it does not end well."""
        words: list[str | Path] = [self.command, *arguments]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            raise WindlassError(
                f"{self.name} {shlex.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )

    def _make_home(self) -> None:
        ssh = self._home / ".ssh"
        ssh.mkdir(parents=True, mode=0o700)
        make_key(ssh / "id_ed25519")
        self._server.authorize((ssh / "id_ed25519.pub").read_text())
        (ssh / "known_hosts").write_text(f"[127.0.0.1]:{self._server.port} {self._server.host_key}\n")
        (ssh / "config").write_text(_SSH.format(host=HOST, server=self._server))

    def _configure(self, repository: Path) -> None:
        """Write the app's config, its secrets on the server, and a site that only this machine can reach."""
        root = self._server.folder / "srv" / APP
        (root / "shared").mkdir(parents=True)
        (root / "shared/.env").touch(mode=0o600)
        config = self._home / "config"
        (config / "templates").mkdir(parents=True)
        text = _CONFIG.format(app=APP, host=HOST, root=root, repository=repository, server=self._server)
        (config / f"{APP}.toml").write_text(text)
        (config / "templates/nginx-site.conf.j2").write_text(_on_loopback())

    def _make_command(self) -> None:
        settings = {
            "HOME": str(self._home),
            "PYTHONUSERBASE": site.getuserbase(),  # where Windlass may be installed; by default it is in HOME
            "WINDLASS_CONFIG": str(self._home / "config"),
            MARK: str(self._server.folder),
        }
        words = ["env", "-u", "SSH_AUTH_SOCK", *(f"{name}={value}" for name, value in settings.items())]
        words += [sys.executable, str(Path(sys.argv[0]).absolute())]
        if CHECKOUT and self.name == "fab":
            words += ["--search-root", str(CHECKOUT)]
        self.command.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        self.command.chmod(0o755)


def _on_loopback() -> str:
    """The template of the site, listening on 127.0.0.1 only."""
    text = (TEMPLATES / "nginx-site.conf.j2").read_text()
    listen = "listen {{ site.listen }};"
    if listen not in text:
        raise AssertionError(f"the template of nginx's site has no line {listen!r}")
    own = text.replace(listen, "listen 127.0.0.1:{{ site.listen }};")
    return own.replace("    listen [::]:{{ site.listen }};\n", "")
