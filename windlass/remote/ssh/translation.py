"""Every exception of Fabric, Paramiko, Invoke and the OS as an error that an operator understands.

`TABLE` is the one place: a class that is not in it is looked up by its bases.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import fabric.exceptions
import invoke.exceptions
from invoke.config import AmbiguousMergeError
from paramiko import auth_strategy, ber, buffered_pipe, hostkeys, packet, pkey, sftp, ssh_exception

from windlass.errors import AuthenticationFailed, ConfigError, ConnectionFailed, HostKeyRefused, WindlassError
from windlass.known_hosts import HostKey
from windlass.remote.ssh import network
from windlass.remote.ssh.peer import Peer

Translator = Callable[[Any, Peer], WindlassError]
AS_SSH = "see whether ssh -v {name} gets further: Windlass reads the same ssh_config, keys and known_hosts"


@contextmanager
def translated(peer: Peer) -> Iterator[None]:
    """Turn whatever is raised inside, except our own errors, into a WindlassError about this peer."""
    try:
        yield
    except WindlassError:
        raise
    except Exception as error:
        raise translate(error, peer) from error


def translate(error: BaseException, peer: Peer) -> WindlassError:
    """The error that the operator gets for a foreign one."""
    for base in type(error).__mro__:
        if base in TABLE:
            return TABLE[base](error, peer)
    return _unexpected(error, peer)


def cut(peer: Peer, why: str = "") -> ConnectionFailed:
    """The connection ended while it was in use."""
    return ConnectionFailed(
        f"the connection to {peer.where} was cut" + (f": {why}" if why else ""),
        hint=f"fab status -H {peer.name} shows what the server did by itself",
    )


def _unexpected(error: BaseException, peer: Peer) -> WindlassError:
    text = " ".join(str(error).split()) or type(error).__name__
    return ConnectionFailed(f"ssh to {peer.where} failed: {text}", hint=AS_SSH.format(name=peer.name))


BY_NUMBER: dict[int | None, Translator] = {
    errno.ECONNREFUSED: network.refused,
    errno.ETIMEDOUT: network.no_answer,
    errno.ECONNRESET: network.hung_up,
    errno.ECONNABORTED: network.hung_up,
    errno.EPIPE: network.hung_up,
    errno.EHOSTUNREACH: network.no_route,
    errno.EHOSTDOWN: network.no_route,
    errno.ENETUNREACH: network.no_route,
    errno.ENETDOWN: network.no_route,
    errno.EADDRNOTAVAIL: network.no_route,
}


def _os_error(error: OSError, peer: Peer) -> WindlassError:
    if error.errno in BY_NUMBER:
        return BY_NUMBER[error.errno](error, peer)
    if error.filename is not None:
        return _file(error, peer)
    return _unexpected(error, peer)


def _file(error: OSError, peer: Peer) -> WindlassError:
    if error.filename is None:
        return _unexpected(error, peer)
    return ConnectionFailed(
        f"{error.filename} cannot be used for {peer.where}: {error.strerror or error}",
        hint=f"ls -ld {error.filename}",
    )


def _every_address(error: ssh_exception.NoValidConnectionsError, peer: Peer) -> WindlassError:
    causes = list(error.errors.values())
    return translate(causes[0], peer) if causes else network.no_route(error, peer)


def _ssh(error: ssh_exception.SSHException, peer: Peer) -> WindlassError:
    """Paramiko says most things by text alone; what lies beneath tells silence from a hang-up."""
    text = str(error)
    if text.startswith("Error reading SSH protocol banner"):
        return (
            network.no_banner(error, peer)
            if isinstance(error.__context__, TimeoutError)
            else network.hung_up(error, peer)
        )
    if text.startswith("Indecipherable protocol version"):
        return network.no_banner(error, peer)
    if text in ("Negotiation failed.", "Channel closed.", "SSH session not active"):
        return network.hung_up(error, peer)
    if text in (
        "No existing session",
        "Timeout opening channel.",
        "Key-exchange timed out waiting for key negotiation",
    ):
        return network.no_answer(error, peer)
    return _unexpected(error, peer)


def _channel(error: ssh_exception.ChannelException, peer: Peer) -> WindlassError:
    reasons = {1: "it is forbidden there", 2: "it could not reach it", 4: "it has no resources left"}
    return ConnectionFailed(
        f"the connection towards {peer.where} was not opened: {reasons.get(error.code, error.text)}",
        hint="a jump host before it must reach it and allow forwarding (AllowTcpForwarding);"
        " without one, see MaxSessions in its sshd_config",
    )


def _incompatible(error: BaseException, peer: Peer) -> WindlassError:
    what = str(error).rpartition("(no acceptable ")[2].rstrip(")") or "protocol"
    return ConnectionFailed(
        f"{peer.where} offers no {what} that is safe to use",
        hint="its sshd is too old, or set up too narrowly",
    )


def _tampered(error: BaseException, peer: Peer) -> WindlassError:
    return ConnectionFailed(
        f"{peer.where} sent messages out of order, as somebody who tampers would: {error}",
        hint="do not go on",
    )


def _other_key(error: ssh_exception.BadHostKeyException, peer: Peer) -> WindlassError:
    known, shown = (HostKey(key.get_name(), key.asbytes()) for key in (error.expected_key, error.key))
    return HostKeyRefused(
        f"THE HOST KEY OF {peer.where} HAS CHANGED; nothing was sent to it\n"
        f"  known: {known.label}\n  shown: {shown.label}",
        hint="ask who runs the server for its new fingerprint, then: fab trust -H "
        f"{peer.name} --replace --fingerprint SHA256:…",
    )


def _not_logged_in(error: BaseException, peer: Peer) -> WindlassError:
    if str(error) == "Authentication timeout.":
        return network.no_answer(error, peer)
    return AuthenticationFailed(
        f"{peer.where} did not let the user {peer.user} in",
        hint=f"is {peer.user} the right user (-H user@host)? Else: ssh-copy-id {peer.name}",
    )


def _passphrase(error: BaseException, peer: Peer) -> WindlassError:
    return AuthenticationFailed(
        f"the key for {peer.where} is protected by a passphrase, and no agent holds it",
        hint="eval $(ssh-agent) && ssh-add",
    )


def _proxy(error: ssh_exception.ProxyCommandFailure, peer: Peer) -> WindlassError:
    return ConnectionFailed(
        f"the ProxyCommand for {peer.where} failed: {error.error}", hint=f"run it by hand: {error.command}"
    )


def _bad_config(error: BaseException, peer: Peer) -> WindlassError:
    return ConfigError(f"~/.ssh/config cannot be used for {peer.name}: {error}", hint=f"ssh -G {peer.name}")


TABLE: dict[type[BaseException], Translator] = {
    OSError: _os_error,
    BlockingIOError: _os_error,
    ChildProcessError: _os_error,
    InterruptedError: _os_error,
    ProcessLookupError: _os_error,
    ConnectionError: _os_error,
    BrokenPipeError: network.hung_up,
    ConnectionAbortedError: network.hung_up,
    ConnectionRefusedError: network.refused,
    ConnectionResetError: network.hung_up,
    EOFError: network.hung_up,
    FileExistsError: _file,
    FileNotFoundError: _file,
    IsADirectoryError: _file,
    NotADirectoryError: _file,
    PermissionError: _file,
    TimeoutError: network.no_answer,
    socket.gaierror: network.unresolved,
    socket.herror: network.unresolved,
    UnicodeError: network.no_name,
    OverflowError: network.no_name,
    ValueError: _bad_config,
    KeyError: _bad_config,
    ssh_exception.SSHException: _ssh,
    ssh_exception.AuthenticationException: _not_logged_in,
    ssh_exception.BadAuthenticationType: _not_logged_in,
    ssh_exception.PartialAuthentication: _not_logged_in,
    ssh_exception.UnableToAuthenticate: _not_logged_in,
    ssh_exception.PasswordRequiredException: _passphrase,
    ssh_exception.BadHostKeyException: _other_key,
    ssh_exception.ChannelException: _channel,
    ssh_exception.ConfigParseError: _bad_config,
    ssh_exception.CouldNotCanonicalize: network.unresolved,
    ssh_exception.IncompatiblePeer: _incompatible,
    ssh_exception.MessageOrderError: _tampered,
    ssh_exception.NoValidConnectionsError: _every_address,
    ssh_exception.ProxyCommandFailure: _proxy,
    auth_strategy.AuthFailure: _not_logged_in,
    ber.BERException: _unexpected,
    buffered_pipe.PipeTimeout: network.no_answer,
    hostkeys.InvalidHostKey: _unexpected,
    packet.NeedRekeyException: _unexpected,
    pkey.UnknownKeyType: _unexpected,
    sftp.SFTPError: _unexpected,
    fabric.exceptions.GroupException: _unexpected,
    fabric.exceptions.InvalidV1Env: _unexpected,
    fabric.exceptions.NothingToDo: _unexpected,
    AmbiguousMergeError: _bad_config,
    invoke.exceptions.AmbiguousEnvVar: _bad_config,
    invoke.exceptions.UncastableEnvVar: _bad_config,
    invoke.exceptions.UnknownFileType: _bad_config,
    invoke.exceptions.UnpicklableConfigMember: _bad_config,
}
