"""The operator's ssh_config: what Paramiko reads of it, and the Include that it does not read."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from paramiko.config import SSHConfig

from windlass.address import parse_host

SYSTEM = Path("/etc/ssh")
DEEPEST_INCLUDE = 16  # as OpenSSH


@dataclass(frozen=True)
class Settings:
    """What ssh_config says about one host, keys in lower case."""

    values: dict[str, object]

    def text(self, key: str, default: str = "") -> str:
        value = self.values.get(key)
        return value if isinstance(value, str) else default

    def on(self, key: str) -> bool:
        return self.text(key).lower() == "yes"

    def paths(self, key: str) -> list[Path]:
        """A list of files, each with `~` for the home of the process; empty for "none"."""
        value = self.values.get(key, [])
        words = value if isinstance(value, list) else shlex.split(str(value))
        return [home_path(str(word)) for word in words if str(word).lower() != "none"]

    def known_hosts_files(self) -> list[Path]:
        """The user's own files first; what `trust` writes goes to the first."""
        own = self.paths("userknownhostsfile") or [home() / "known_hosts", home() / "known_hosts2"]
        shared = self.paths("globalknownhostsfile") or [
            SYSTEM / "ssh_known_hosts",
            SYSTEM / "ssh_known_hosts2",
        ]
        return [*own, *shared]


def home() -> Path:
    """The folder of the operator's ssh files; $HOME decides."""
    return home_path("~/.ssh")


def home_path(text: str) -> Path:
    return Path(os.path.expanduser(text.replace("%d", "~", 1) if text.startswith("%d") else text))  # noqa: PTH111


def read(file: Path | None = None) -> SSHConfig:
    """The file, else the user's and then the system's. Raises ConfigParseError, OSError or ValueError."""
    if file is not None:
        return SSHConfig.from_text("\n".join(_lines(file, home())))
    own, system = home() / "config", SYSTEM / "ssh_config"
    lines = [*_lines(own, home()), "Host *", *_lines(system, SYSTEM)]
    return SSHConfig.from_text("\n".join(lines))


def lookup(config: SSHConfig, host: str) -> Settings:
    """What the config says about a host. Raises ConfigParseError, ValueError or KeyError."""
    return Settings(dict(config.lookup(host)))


def plain_names(config: SSHConfig) -> list[str]:
    """The hosts that the config names, without patterns."""
    return sorted(name for name in config.get_hostnames() if not set(name) & set("*?!"))


def jumps(config: SSHConfig, host: str, seen: Sequence[str] = ()) -> list[str]:
    """The hosts to go through, the first to connect to first, each as [user@]host[:port].

    A host is never its own jump, so that `Host *` may name one.
    """
    value = lookup(config, host).text("proxyjump")
    hops = [hop.strip().removeprefix("ssh://") for hop in value.split(",") if hop.strip()]
    if not hops or value.lower() == "none" or any(parse_host(hop).host in (host, *seen) for hop in hops):
        return []
    return [*jumps(config, parse_host(hops[0]).host, (*seen, host)), *hops]


def _lines(file: Path, base: Path, depth: int = 0) -> Iterator[str]:
    if depth > DEEPEST_INCLUDE or not file.is_file():
        return
    block = "Host *"
    for raw in file.read_text(errors="replace").splitlines():
        line = raw.strip()
        keyword, _, value = line.replace("=", " ", 1).partition(" ")
        if keyword.lower() == "include":
            for included in _included(value, base):
                yield from _lines(included, base, depth + 1)
            yield block  # an included file ends inside a block of its own
            continue
        if keyword.lower() in ("host", "match"):
            block = line
        yield line


def _included(value: str, base: Path) -> Iterator[Path]:
    for word in shlex.split(value):
        pattern = home_path(word)
        found = pattern if pattern.is_absolute() else base / pattern
        yield from sorted(Path("/").glob(str(found).lstrip("/")))
