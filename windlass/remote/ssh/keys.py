"""Which keys are offered to a server: as OpenSSH does in batch mode, never asking for anything."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paramiko import AuthenticationException, BadAuthenticationType, PKey, PublicBlob, SSHException, Transport
from paramiko.agent import AgentSSH

from windlass.errors import AuthenticationFailed, WindlassError
from windlass.known_hosts import HostKey
from windlass.remote.ssh.peer import Peer
from windlass.remote.ssh.settings import Settings, home, home_path

DEFAULT_NAMES = ("id_rsa", "id_ecdsa", "id_ed25519")


class Agent(AgentSSH):  # type: ignore[misc]
    """The operator's ssh-agent at a socket; without a socket it has no keys."""

    def __init__(self, path: str) -> None:
        super().__init__()
        if path:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.connect(path)
            self._connect(connection)

    def close(self) -> None:
        self._close()


@dataclass
class Keys:
    """Authenticates one user at one server by public key; used by Paramiko as its `auth_strategy`."""

    settings: Settings
    peer: Peer
    identities: tuple[Path, ...] = ()
    tried: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def authenticate(self, transport: Transport) -> None:
        """Offer each key until one is taken; raises AuthenticationFailed naming all of them."""
        agent = self._open_agent()
        try:
            for title, key in self._offers(agent):
                self.tried.append(title)
                if self._accepts(transport, key):
                    return
        finally:
            agent.close()
        raise self._refused(
            f"{self.peer.where} refused every key for the user {self.peer.user}"
            if self.tried
            else f"there is no key to offer to {self.peer.where} as the user {self.peer.user}"
        )

    def _accepts(self, transport: Transport, key: PKey) -> bool:
        try:
            more = transport.auth_publickey(self.peer.user, key)
        except BadAuthenticationType as error:
            accepted = ", ".join(error.allowed_types)
            raise self._refused(f"{self.peer.where} takes no keys, only {accepted}") from error
        except SSHException as error:
            if transport.is_active() and isinstance(error, AuthenticationException):
                return False
            if str(error) == "Authentication timeout.":
                raise
            raise self._refused(f"{self.peer.where} hung up after {len(self.tried)} key(s)") from error
        if more:
            raise self._refused(f"{self.peer.where} took a key and wants {', '.join(more)} as well")
        return True

    def _open_agent(self) -> Agent:
        path = agent_socket(self.settings)
        try:
            return Agent(path)
        except (OSError, SSHException) as error:
            self.skipped.append(f"the agent at {path}: {error}")
            return Agent("")

    def _offers(self, agent: Agent) -> Iterator[tuple[str, PKey]]:
        """Keys of the agent that are also configured, its other keys, then files."""
        files = self._files()
        configured = {blob for file in files if (blob := _public_part(file))}
        held = {key.asbytes(): key for key in agent.get_keys()}
        only_configured = self.settings.on("identitiesonly")
        for blob in sorted(held, key=lambda blob: blob not in configured):
            if blob in configured or not only_configured:
                yield _in_agent(held[blob]), held[blob]
        for file in files:
            if _public_part(file) not in held:
                yield from ((_short(file), key) for key in self._load(file))

    def _files(self) -> list[Path]:
        named = [*self.identities, *self.settings.paths("identityfile")]
        for file in named:
            if not file.exists() and not file.with_name(file.name + ".pub").exists():
                self.skipped.append(f"{_short(file)}: no such file")
        return named or [home() / name for name in DEFAULT_NAMES]

    def _load(self, file: Path) -> list[PKey]:
        """The key, or nothing and the reason in `skipped`."""
        try:
            status = file.stat()
            if status.st_uid == os.getuid() and stat.S_IMODE(status.st_mode) & 0o077:
                self.skipped.append(f"{_short(file)}: others may read it (chmod 600 {_short(file)})")
                return []
            return [PKey.from_path(file)]
        except FileNotFoundError:
            return []
        except TypeError:
            reason = f"protected by a passphrase, and not in an agent (ssh-add {_short(file)})"
        except OSError as error:
            reason = error.strerror or str(error)
        except Exception as error:
            # What a broken key file raises depends on how it is broken, down to the cryptography library.
            reason = f"not a private key that can be used ({error or type(error).__name__})"
        self.skipped.append(f"{_short(file)}: {reason}")
        return []

    def _refused(self, message: str) -> WindlassError:
        details = [f"  offered: {title}" for title in self.tried] + [
            f"  left out: {text}" for text in self.skipped
        ]
        if len(self.tried) >= 5:
            hint = (
                "servers stop after about six keys: name the right one with IdentityFile and IdentitiesOnly"
            )
        elif self.tried:
            hint = f"is {self.peer.user} the right user (-H user@host)? Else: ssh-copy-id {self.peer.name}"
        else:
            hint = f"make a key with ssh-keygen and take it there: ssh-copy-id {self.peer.name}"
        return AuthenticationFailed("\n".join([message, *details]), hint=hint)


def agent_socket(settings: Settings) -> str:
    """The path of the agent's socket by IdentityAgent, else by the environment; "" for none."""
    named = settings.text("identityagent")
    if named.lower() == "none":
        return ""
    if not named or named == "SSH_AUTH_SOCK":
        return os.environ.get("SSH_AUTH_SOCK", "")
    return os.environ.get(named[1:], "") if named.startswith("$") else str(home_path(named))


def _public_part(file: Path) -> bytes | None:
    public = file if file.suffix == ".pub" else file.with_name(file.name + ".pub")
    try:
        blob: Any = PublicBlob.from_file(str(public)).key_blob
        return bytes(blob)
    except (OSError, ValueError):
        return None


def _in_agent(key: PKey) -> str:
    return f"{key.comment or 'key'} in the agent, {HostKey(key.get_name(), key.asbytes()).label}"


def _short(file: Path) -> str:
    user_home = str(Path.home())
    return f"~{str(file).removeprefix(user_home)}" if str(file).startswith(user_home + "/") else str(file)
