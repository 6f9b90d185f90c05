"""A server that needs no root: the current user's sshd, nginx and pm2 on loopback ports, in one folder."""

from __future__ import annotations

import os
import pwd
import shlex
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from windlass.demo import daemons, remains
from windlass.demo.daemons import Daemon
from windlass.demo.locks import FileLock
from windlass.demo.waiting import WaitedInVain, wait_until

PREFIX = "windlass-demo-"
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

# There is no systemd for this server; the machine's own must not be told what is meant for its nginx.
_SYSTEMCTL = """\
#!/bin/sh
[ "$*" != "reload nginx" ] || exec nginx -s reload
echo "this server has no systemd" >&2
exit 1
"""


class Server:
    """Started by `start`; `stop` ends all that it or its sessions started, and removes its folder.

    `tools` are the programs that its sessions find beside the system's, by name; `environment` is added to
    theirs.
    """

    def __init__(
        self,
        tools: Mapping[str, Path],
        environment: Mapping[str, str] | None = None,
        prefix: str = PREFIX,
    ) -> None:
        remains.remove_leftovers(base(), prefix)
        # The names of pm2's sockets must be short.
        self.folder = Path(tempfile.mkdtemp(prefix=prefix, dir=base()))
        # Others may pass but not look: a deploy refuses a folder that nginx could not enter.
        self.folder.chmod(0o711)
        # Held before it has its name, by which others judge whether somebody is here.
        self._lock = FileLock.try_take(self.folder / "unnamed")
        (self.folder / "unnamed").rename(self.folder / remains.LOCK)
        self.home = self.folder / "home"
        self.bin = self.folder / "bin"
        self.sites = self.folder / "nginx/sites"
        for made in (self.home, self.sites, self.folder / "sshd", self.bin, self.folder / "pm2"):
            made.mkdir(parents=True)
        for name, program in tools.items():
            (self.bin / name).symlink_to(program)
        (self.home / ".npmrc").write_text("update-notifier=false\nfund=false\naudit=false\n")
        self.user = pwd.getpwuid(os.geteuid()).pw_name
        self.port, self.http_port, *self.app_ports = _free_ports(4)
        self.environment = {
            "HOME": str(self.home),
            "USER": self.user,
            "LOGNAME": self.user,
            "SHELL": "/bin/bash",
            "LANG": "C.UTF-8",
            "PATH": f"{self.bin}:{PATH}",
            "PM2_HOME": str(self.folder / "pm2"),
            **(environment or {}),
            remains.MARK: str(self.folder),
        }
        self._started: list[subprocess.Popen[bytes]] = []

    @property
    def address(self) -> str:
        """user@host:port, as `-H` takes it."""
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

    def start(self) -> None:
        """Return once sshd and nginx answer; raises WaitedInVain with what they said where they do not."""
        self._start_sshd()
        self._start_nginx()

    def add_program(self, name: str, text: str) -> None:
        """Give its sessions a program of that name, before any other."""
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def keep(self) -> None:
        """Leave it up when this process ends, and when the next server is made."""
        (self.folder / remains.KEPT).touch()

    def stop(self) -> None:
        """End everything and remove the folder; nothing if that is done."""
        if self.folder.exists():
            remains.remove(self.folder)
            for process in self._started:
                process.wait()
            if self._lock:
                self._lock.close()

    def _start_sshd(self) -> None:
        make_key(self.folder / "sshd/host_key")
        (self.folder / "sshd/authorized_keys").touch(mode=0o600)
        self._launch(daemons.sshd(self.folder, self.port, self.environment))

    def _start_nginx(self) -> None:
        nginx = daemons.nginx(self.folder, self.http_port)
        self.add_program("nginx", f'#!/bin/sh\nexec {shlex.join(nginx.command)} "$@"\n')
        self.add_program("systemctl", _SYSTEMCTL)
        self._launch(nginx, "-g", "daemon off;")

    def _launch(self, daemon: Daemon, *options: str) -> None:
        with daemon.log.open("ab") as output:
            process = subprocess.Popen(
                [*daemon.command, *options],
                env=self.environment,
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._started.append(process)
        name = daemon.command[0]
        wait_until(
            lambda: _answers(daemon.port) or process.poll() is not None,
            20,
            lambda: f"{name} does not answer:\n{daemon.log.read_text()}",
        )
        if process.poll() is not None:
            raise WaitedInVain(f"{name} ended at once:\n{daemon.log.read_text()}")


def base() -> Path:
    """The temporary folder that others may enter: what is in a private one, no deploy accepts."""
    candidates = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]  # noqa: S108
    open_ones = [
        one for one in candidates if all(part.stat().st_mode & 0o001 for part in (one, *one.parents))
    ]
    return (open_ones or candidates)[0]


def _may_be_entered(folder: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents))


def make_key(path: Path) -> None:
    """A new key pair without a passphrase."""
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "windlass demo", "-f", str(path)]
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)


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
