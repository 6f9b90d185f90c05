"""Only known hosts: the policy that judges every host key, and the order in which key types are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paramiko import MissingHostKeyPolicy, PKey, SSHClient, Transport

from windlass.errors import HostKeyRefused
from windlass.known_hosts import HostKey, KnownHosts, Verdict, lookup_names
from windlass.remote.ssh.peer import Peer
from windlass.remote.ssh.revoked import revoking
from windlass.remote.ssh.settings import Settings, home_path

SIGNATURES = {"ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256")}
"""What a server calls a key type when it signs with it, where that differs from known_hosts."""


@dataclass(frozen=True)
class Trust:
    """What the operator's files say about one host."""

    known: KnownHosts
    names: tuple[str, ...]
    file: Path
    hashed: bool
    revoked: tuple[Path, ...] = ()

    @classmethod
    def of(cls, settings: Settings, address: str, port: int) -> Trust:
        """Read every known_hosts file that applies. Raises OSError for one that cannot be read."""
        files = settings.known_hosts_files()
        alias = settings.text("hostkeyalias")
        names = (alias.lower(),) if alias else lookup_names(address, port)
        listed = settings.text("revokedhostkeys", "none")  # one file, whose name may hold blanks
        revoked = () if listed.lower() == "none" else (home_path(listed),)
        return cls(KnownHosts.read(files), names, files[0], settings.on("hashknownhosts"), revoked)

    def judge(self, key: HostKey) -> Verdict:
        """What the files say of a key. Raises OSError for a list of revoked ones that cannot be read."""
        for entry in (revoking(file, key) for file in self.revoked):
            if entry:
                return Verdict("revoked", entry)
        return self.known.judge(self.names, key)

    def preferred(self, offered: tuple[str, ...]) -> tuple[str, ...]:
        """The key types to ask for, known ones first, so that another type is not taken for a change."""
        wanted = [name for known in self.known.types(self.names) for name in SIGNATURES.get(known, (known,))]
        first = [name for name in wanted if name in offered]
        return (*first, *(name for name in offered if name not in first))


class OnlyKnown(MissingHostKeyPolicy):  # type: ignore[misc]
    """Judges every key: the client that it serves is given no host keys of its own."""

    def __init__(self, trust: Trust, peer: Peer) -> None:
        self.trust = trust
        self.peer = peer

    def missing_host_key(self, client: SSHClient, hostname: str, key: PKey) -> None:
        """Return for a trusted key; raises HostKeyRefused for any other, before anything is sent."""
        shown = host_key(key)
        verdict = self.trust.judge(shown)
        if verdict.state != "trusted":
            raise refusal(self.peer, self.trust, shown, verdict)


def host_key(key: PKey) -> HostKey:
    return HostKey(key.get_name(), key.asbytes())


class PunctualTransport(Transport):  # type: ignore[misc]
    """Tells a server that fell silent from one that hung up; Paramiko says EOFError for both."""

    def get_exception(self) -> Exception | None:
        error: Exception | None = super().get_exception()
        if isinstance(error, EOFError) and self.packetizer.handshake_timed_out():
            return TimeoutError()
        return error


def transport_factory(trust: Trust, timeout: float) -> Callable[..., Any]:
    """A maker of transports that ask for the known key types first and give up after `timeout` seconds."""

    def make(sock: Any, **options: Any) -> Transport:
        transport = PunctualTransport(sock, **options)
        security = transport.get_security_options()
        security.key_types = trust.preferred(tuple(security.key_types))
        transport.banner_timeout = transport.handshake_timeout = timeout
        return transport

    return make


def refusal(peer: Peer, trust: Trust, shown: HostKey, verdict: Verdict) -> HostKeyRefused:
    """Why a key is not accepted, and what to do."""
    if verdict.state == "revoked" and verdict.entry:
        return HostKeyRefused(
            f"the host key of {peer.where} is revoked by {verdict.entry.place}: {shown.label}",
            hint="whoever answers there holds a key that must not be trusted: ask who runs the server",
        )
    if verdict.state == "changed" and verdict.entry:
        return HostKeyRefused(
            f"THE HOST KEY OF {peer.where} HAS CHANGED; nothing was sent to it\n"
            f"  known: {verdict.entry.key.label} ({verdict.entry.place})\n"
            f"  shown: {shown.label}",
            hint="the server was reinstalled, or somebody stands in between. Ask who runs it for the new"
            f" fingerprint, then: fab trust -H {peer.name} --replace --fingerprint SHA256:…",
        )
    authority = trust.known.has_authority(trust.names)
    aside = "\n  known_hosts trusts an authority for it, but host certificates are not supported"
    return HostKeyRefused(
        f"{peer.where} is not a known host; it shows {shown.label}" + (aside if authority else ""),
        hint=f"compare the fingerprint with the server's own, then: fab trust -H {peer.name}",
    )
