"""A server that needs no root: the current user's sshd, nginx and pm2 on loopback ports, in one folder."""

from __future__ import annotations

import contextlib
import getpass
import os
import shlex
import shutil
import socket
import tempfile
from pathlib import Path

import psutil

from tests.support import node
from tests.support.processes import Completed, Running, run, wait_until
from windlass.demo.locks import FileLock

# In the environment of every process of a sandbox, by which it is found in the end.
_MARK = "WINDLASS_SANDBOX"

_SSHD = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/sshd/host_key
AuthorizedKeysFile {folder}/sshd/authorized_keys
PidFile none
StrictModes no
UsePAM {pam}
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
Subsystem sftp internal-sftp
SetEnv {environment}
"""

_NGINX = """
{user}
worker_processes 1;
pid {folder}/nginx/pid;
error_log {folder}/nginx/error.log;
events {{ worker_connections 512; }}
http {{
    access_log {folder}/nginx/access.log;
    client_body_temp_path {folder}/nginx/body;
    proxy_temp_path {folder}/nginx/proxy;
    fastcgi_temp_path {folder}/nginx/fastcgi;
    uwsgi_temp_path {folder}/nginx/uwsgi;
    scgi_temp_path {folder}/nginx/scgi;
    include {folder}/nginx/sites/*.conf;
    server {{ listen 127.0.0.1:{port} default_server; return 404; }}
}}
"""

_PREFIX = "windlass-sandbox-"


class Sandbox:
    """Started when made; `stop` ends all that it or its sessions started, and removes its folder."""

    def __init__(self) -> None:
        _remove_leftovers()
        # The names of pm2's sockets must be short.
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        lock = FileLock.try_take(self.folder / "lock")
        assert lock, f"somebody else took {self.folder}"
        self._lock = lock
        self.home = self.folder / "home"
        self.sites = self.folder / "nginx/sites"
        for made in (self.home, self.sites, self.folder / "sshd", self.folder / "bin", self.folder / "pm2"):
            made.mkdir(parents=True)
        self.user = getpass.getuser()
        self.port, self.http_port = _free_ports(2)
        self.environment = self._make_environment()
        self._sshd = self._start_sshd()
        self._nginx = self._start_nginx()

    @property
    def address(self) -> str:
        """user@host:port, as `fab -H` takes it."""
        return f"{self.user}@127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Where its nginx answers."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def host_key(self) -> str:
        """Type and base64 text of its host key, as known_hosts has them."""
        return " ".join((self.folder / "sshd/host_key.pub").read_text().split()[:2])

    def authorize(self, public_key: str) -> None:
        """Let the owner of a public key in."""
        with (self.folder / "sshd/authorized_keys").open("a") as file:
            file.write(public_key.strip() + "\n")

    def run(self, script: str, check: bool = True, timeout: float = 60) -> Completed:
        """Run a bash text (with `-e`) in its home, with the environment of its SSH sessions but without SSH.

        AssertionError on a failure if `check`, and past `timeout` seconds.
        """
        done = self.popen(script).wait(timeout)
        return done.check() if check else done

    def popen(self, script: str) -> Running:
        """Start a bash text as `run` does, without waiting for it."""
        return Running(["bash", "-ec", script], env=self.environment, cwd=self.home)

    def site(self, name: str, text: str) -> None:
        """Write one of nginx's site files and load it; AssertionError if nginx refuses it."""
        (self.sites / f"{name}.conf").write_text(text)
        self.run("nginx -t && nginx -s reload")

    def stop(self) -> None:
        """End everything and remove the folder; nothing if that is done."""
        if self.folder.exists():
            self._sshd.kill_group()
            self._nginx.kill_group()
            _remove(self.folder)
            self._lock.close()

    def _make_environment(self) -> dict[str, str]:
        tools = [self.folder / "bin", node.node_home() / "bin", node.pm2_home() / "bin"]
        return {
            "HOME": str(self.home),
            "USER": self.user,
            "LOGNAME": self.user,
            "SHELL": "/bin/bash",
            "LANG": "C.UTF-8",
            "PATH": ":".join([*map(str, tools), "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"]),
            "PM2_HOME": str(self.folder / "pm2"),
            "npm_config_cache": str(node.npm_cache()),
            "NODE_EXTRA_CA_CERTS": os.environ.get("NODE_EXTRA_CA_CERTS", str(node.CA_BUNDLE)),
            _MARK: str(self.folder),
        }

    def _start_sshd(self) -> Running:
        as_root = os.geteuid() == 0
        if as_root:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        folder = self.folder / "sshd"
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", folder / "host_key"]).check()
        config = _SSHD.format(
            folder=self.folder,
            port=self.port,
            pam="yes" if as_root else "no",
            environment=" ".join(f'"{name}={value}"' for name, value in self.environment.items()),
        )
        (folder / "config").write_text(config)
        (folder / "authorized_keys").touch()
        arguments: list[str | Path] = ["-D", "-f", folder / "config", "-E", folder / "log"]
        sshd = Running(
            ["/usr/sbin/sshd", *arguments], env={"PATH": "/usr/sbin:/usr/bin", _MARK: str(self.folder)}
        )
        wait_until(lambda: _answers(self.port), 20, lambda: f"sshd does not answer: {sshd.output}")
        return sshd

    def _start_nginx(self) -> Running:
        config = self.folder / "nginx/nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        config.write_text(_NGINX.format(folder=self.folder, port=self.http_port, user=user))
        prefix = self.folder / "nginx"
        nginx = shlex.join(
            ["/usr/sbin/nginx", "-e", str(prefix / "error.log"), "-p", str(prefix), "-c", str(config)]
        )
        wrapper = self.folder / "bin/nginx"
        wrapper.write_text(f'#!/bin/sh\nexec {nginx} "$@"\n')
        wrapper.chmod(0o755)
        server = self.popen("exec nginx -g 'daemon off;'")
        wait_until(lambda: _answers(self.http_port), 20, lambda: f"nginx does not answer: {server.output}")
        return server


def processes_of(folder: Path) -> list[psutil.Process]:
    """What the sandbox in a folder and its sessions have started and still runs."""
    return [process for process in psutil.process_iter() if _belongs(process, folder)]


def _belongs(process: psutil.Process, folder: Path) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if process.environ().get(_MARK) == str(folder):
            return True
        # The titles of sshd and nginx take the place of their environment.
        return process.cwd().startswith(f"{folder}/") or f"{folder}/" in " ".join(process.cmdline())
    except psutil.Error:
        return False


def _remove_leftovers() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if not (folder / "lock").exists():
            continue
        lock = FileLock.try_take(folder / "lock")
        if lock:
            _remove(folder)
            lock.close()


def _remove(folder: Path) -> None:
    def ended() -> bool:
        left = processes_of(folder)
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        return not left

    wait_until(ended, 20, lambda: f"still running: {processes_of(folder)}", interval=0.05)
    shutil.rmtree(folder, ignore_errors=True)


def missing_tools() -> list[str]:
    """What a sandbox needs and this machine lacks."""
    return [tool for tool in ("/usr/sbin/sshd", "/usr/sbin/nginx", "ssh-keygen") if not shutil.which(tool)]


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
