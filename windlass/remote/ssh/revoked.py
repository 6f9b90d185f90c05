"""RevokedHostKeys of ssh_config: the keys that no server may show, whoever trusts them."""

from __future__ import annotations

import base64
import subprocess
import tempfile
from pathlib import Path

from windlass.known_hosts import Entry, HostKey

_KRL = b"SSHKRL\n\0"


def revoking(file: Path, key: HostKey) -> Entry | None:
    """What revokes the key, in a list of public keys or in OpenSSH's own format; None for nothing.

    Raises OSError where the file cannot be read: as in OpenSSH no host is then trusted.
    """
    content = file.read_bytes()
    if content.startswith(_KRL):
        return Entry("*", key, "@revoked", file, 1) if _in_krl(file, key) else None
    wire = base64.b64encode(key.blob).decode()
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        if not line.lstrip().startswith("#") and wire in line.split():
            return Entry("*", key, "@revoked", file, number)
    return None


def _in_krl(file: Path, key: HostKey) -> bool:
    """As ssh-keygen says; raises OSError where it cannot."""
    with tempfile.NamedTemporaryFile("w", prefix="windlass-", suffix=".pub") as shown:
        shown.write(f"{key.type} {base64.b64encode(key.blob).decode()}\n")
        shown.flush()
        words = ["ssh-keygen", "-Q", "-f", str(file), shown.name]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return False
    if "REVOKED" in done.stdout:
        return True
    raise OSError(0, f"ssh-keygen cannot read it: {done.stderr.strip() or done.returncode}", str(file))
