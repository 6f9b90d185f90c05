"""Whether to add a host's key to known_hosts, and adding it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from windlass.errors import HostKeyRefused, UsageError
from windlass.known_hosts import HostKey, KnownHosts, Verdict, append, parse, rewrite, without, written


@dataclass(frozen=True)
class Candidate:
    """A key that a host shows: `name` as the operator wrote the host, `listed` as known_hosts does.

    `file` is where it is added, `hashed` whether without the host's name.
    """

    name: str
    listed: str
    key: HostKey
    verdict: Verdict
    file: Path
    hashed: bool = False


def read_fingerprint(text: str) -> str:
    """A fingerprint as ssh-keygen prints it, `SHA256:` or not; raises UsageError for anything else."""
    digest = text.strip().removeprefix("SHA256:").rstrip("=")
    try:
        size = len(base64.b64decode(digest + "=" * (-len(digest) % 4), validate=True))
    except ValueError:
        size = 0
    if size != 32:
        raise UsageError(
            f"{text!r} is not a SHA256 fingerprint",
            hint="on the server: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
        )
    return f"SHA256:{digest}"


def needs_consent(candidate: Candidate, *, fingerprint: str = "", replace: bool = False) -> bool:
    """Whether a person has to say yes before the key is added.

    False where it is trusted already or has the expected `fingerprint`. Raises HostKeyRefused for a key that
    is revoked, has another fingerprint, or has changed where `replace` does not say that this is known.
    """
    key, verdict = candidate.key, candidate.verdict
    if fingerprint and key.fingerprint != fingerprint:
        raise HostKeyRefused(
            f"{candidate.name} shows {key.label}, not {fingerprint}; nothing was added",
            hint="is this the fingerprint of its host key of this type? If so, somebody may stand in between",
        )
    if verdict.state == "revoked" and verdict.entry:
        raise HostKeyRefused(
            f"{candidate.name} shows {key.label}, which {verdict.entry.place} revokes; nothing was added",
            hint="this key must not be trusted: ask who runs the server",
        )
    if verdict.state == "changed" and verdict.entry and not replace:
        raise HostKeyRefused(
            f"THE HOST KEY OF {candidate.name} HAS CHANGED; nothing was added\n"
            f"  known: {verdict.entry.key.label} ({verdict.entry.place})\n"
            f"  shown: {key.label}",
            hint="was the server reinstalled? If whoever runs it confirms the new fingerprint:"
            f" fab trust -H {candidate.name} --replace --fingerprint SHA256:…",
        )
    return verdict.state != "trusted" and not fingerprint


def add(candidate: Candidate) -> None:
    """Add the key to known_hosts; for a key that has changed, in place of the old ones.

    Raises HostKeyRefused where an old one stands in a file or a pattern that is not Windlass's to change.
    """
    line = written(candidate.listed, candidate.key, hashed=candidate.hashed)
    if candidate.verdict.state != "changed":
        append(candidate.file, line)
        return
    text = without(candidate.file.read_text(), candidate.listed) if candidate.file.exists() else ""
    entry = candidate.verdict.entry
    if entry and (entry.file != candidate.file or _still_there(text, candidate)):
        raise HostKeyRefused(
            f"the old key of {candidate.name} stands in {entry.place}, which is not changed by itself",
            hint=f"take the line out by hand, then: fab trust -H {candidate.name}",
        )
    rewrite(candidate.file, text + ("" if not text or text.endswith("\n") else "\n") + line)


def _still_there(text: str, candidate: Candidate) -> bool:
    left = KnownHosts(tuple(parse(text, candidate.file)))
    return left.judge((candidate.listed,), candidate.key).state == "changed"
