"""A real sshd of the current user on a loopback port, and a home folder of somebody who knows it."""

from __future__ import annotations

import contextlib
import getpass
import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.support.ports import free_port
from tests.support.processes import wait_until

SSHD = "/usr/sbin/sshd"


@dataclass(frozen=True)
class Sshd:
    """A running server; `folder` holds its keys, its log and its authorized_keys."""

    folder: Path
    port: int

    @property
    def name(self) -> str:
        """What is given to -H."""
        return f"{getpass.getuser()}@127.0.0.1:{self.port}"

    @property
    def host_keys(self) -> dict[str, str]:
        """The public host keys as in known_hosts, `type base64`, by type."""
        lines = (path.read_text().split()[:2] for path in self.folder.glob("host_*.pub"))
        return {words[0]: " ".join(words) for words in lines}

    def known_hosts_line(self, host: str = "127.0.0.1", key_type: str = "ssh-ed25519") -> str:
        return f"[{host}]:{self.port} {self.host_keys[key_type]}\n"

    def authorize(self, public_key: Path) -> None:
        """Let the owner of a public key in."""
        with (self.folder / "authorized_keys").open("a") as file:
            file.write(public_key.read_text())

    @property
    def log(self) -> str:
        return (self.folder / "sshd.log").read_text()


@contextlib.contextmanager
def running_sshd(
    folder: Path, *, home: Path, options: str = "", key_types: str = "ed25519"
) -> Iterator[Sshd]:
    """Start an sshd whose sessions have `home` as $HOME; ends it with everything that it started."""
    folder.mkdir(parents=True, exist_ok=True)
    for key_type in key_types.split():
        generate_key(folder / f"host_{key_type}", key_type)
    (folder / "authorized_keys").touch(mode=0o600)
    server = Sshd(folder, free_port())
    (folder / "sshd_config").write_text(_config(server, home, key_types.split(), options))
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd of root will not start without it
    process = subprocess.Popen([SSHD, "-D", "-f", folder / "sshd_config", "-E", folder / "sshd.log"])
    try:
        wait_for_port(server.port)
        yield server
    finally:
        _end(process)


@dataclass(frozen=True)
class Client:
    """Somebody's home with a key pair; `ssh` is its .ssh."""

    home: Path

    @classmethod
    def make(cls, home: Path) -> Client:
        client = cls(home)
        client.ssh.mkdir(mode=0o700, parents=True)
        generate_key(client.key, "ed25519")
        return client

    @property
    def ssh(self) -> Path:
        return self.home / ".ssh"

    @property
    def key(self) -> Path:
        return self.ssh / "id_ed25519"

    @property
    def public_key(self) -> Path:
        return self.ssh / "id_ed25519.pub"

    @property
    def known_hosts(self) -> Path:
        return self.ssh / "known_hosts"

    @property
    def config(self) -> Path:
        return self.ssh / "config"


def generate_key(path: Path, key_type: str = "ed25519", passphrase: str = "") -> None:
    size = ["-b", "2048"] if key_type == "rsa" else []
    subprocess.run(
        ["ssh-keygen", "-q", "-t", key_type, *size, "-N", passphrase, "-C", path.name, "-f", path], check=True
    )


@contextlib.contextmanager
def running_agent(*keys: Path) -> Iterator[str]:
    """A real ssh-agent that holds these keys; yields the path of its socket."""
    agent = subprocess.Popen(["ssh-agent", "-D"], stdout=subprocess.PIPE, text=True)
    try:
        assert agent.stdout is not None
        path = agent.stdout.readline().split("=", 1)[1].split(";")[0]
        for key in keys:
            add = ["ssh-add", "-q", str(key)]
            subprocess.run(add, check=True, env={**os.environ, "SSH_AUTH_SOCK": path})
        yield path
    finally:
        agent.terminate()
        agent.wait(10)


def wait_for_port(port: int, seconds: float = 10) -> None:
    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(answers, seconds, f"nothing listens on port {port}")


def _config(server: Sshd, home: Path, key_types: list[str], options: str) -> str:
    keys = "\n".join(f"HostKey {server.folder}/host_{key_type}" for key_type in key_types)
    return f"""{options}
Port {server.port}
ListenAddress 127.0.0.1
{keys}
PidFile {server.folder}/sshd.pid
AuthorizedKeysFile {server.folder}/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
MaxStartups 100
SetEnv HOME={home}
"""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server and its sessions; their own processes see their connection go."""
    sessions = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.terminate()
    for session in sessions:
        with contextlib.suppress(psutil.NoSuchProcess):
            session.terminate()
    process.wait(10)
