"""The person at the keyboard: a home and a key of their own, config files, the real `fab` as a process."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tests.support.cache import cache_home
from tests.support.processes import Completed, Running, run
from tests.support.terminal import Terminal

CHECKOUT = Path(__file__).resolve().parents[2]
FAB = Path(sys.prefix) / "bin/fab"


class Operator:
    """Runs `fab` with an isolated home; nothing of the real user's SSH or git settings is seen."""

    def __init__(self, folder: Path, key_of: Operator | None = None) -> None:
        """Make the home below `folder`, with the key pair of another operator or a new one."""
        self.home = folder / "home"
        self.config_folder = folder / "config"
        self._ssh = self.home / ".ssh"
        self._ssh.mkdir(parents=True, mode=0o700)
        self.config_folder.mkdir()
        self.key = self._ssh / "id_ed25519"
        if key_of:
            shutil.copy2(key_of.key, self.key)
            shutil.copy2(key_of.key.with_suffix(".pub"), self.key.with_suffix(".pub"))
        else:
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "operator", "-f", self.key]).check()
        self.environment = {
            "HOME": str(self.home),
            "USER": "operator",
            "LOGNAME": "operator",
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "WINDLASS_CONFIG": str(self.config_folder),
            "PYTHONPYCACHEPREFIX": str(
                cache_home() / "bytecode"
            ),  # the tests of root leave nothing in the checkout
        }

    @property
    def public_key(self) -> str:
        return self.key.with_suffix(".pub").read_text()

    @property
    def known_hosts(self) -> Path:
        return self._ssh / "known_hosts"

    def know(self, address: str, host_key: str, port: int = 22) -> None:
        """Add a host's key, `type base64`, to known_hosts."""
        name = address if port == 22 else f"[{address}]:{port}"
        with self.known_hosts.open("a") as file:
            file.write(f"{name} {host_key}\n")

    def config(self, name: str, text: str) -> Path:
        """Write the config file of an app."""
        path = self.config_folder / f"{name}.toml"
        path.write_text(text)
        return path

    def fab(self, *arguments: str | Path, stdin: str = "", timeout: float = 300) -> Completed:
        """Run `fab` to its end; AssertionError past `timeout` seconds. Its exit code is for the test."""
        return self.start(*arguments, stdin=stdin).wait(timeout)

    def start(self, *arguments: str | Path, stdin: str = "") -> Running:
        """Start `fab` and return while it runs."""
        return Running([FAB, *arguments], env=self.environment, cwd=CHECKOUT, stdin=stdin)

    def terminal(self, *arguments: str | Path) -> Terminal:
        """Start `fab` in a terminal, as at a keyboard."""
        return Terminal([FAB, *arguments], env=self.environment, cwd=CHECKOUT)

    def ssh(self, destination: str, script: str, port: int = 22, timeout: float = 60) -> Completed:
        """Run a text on a host with OpenSSH's client, knowing only the hosts that this operator knows."""
        options = [f"UserKnownHostsFile={self.known_hosts}", "BatchMode=yes", "GlobalKnownHostsFile=none"]
        flags = [flag for option in options for flag in ("-o", option)]
        command: list[str | Path] = [
            "ssh",
            "-F",
            "none",
            "-i",
            self.key,
            "-p",
            str(port),
            *flags,
            destination,
            script,
        ]
        return run(command, env=self.environment, timeout=timeout)
