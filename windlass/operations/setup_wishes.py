"""What `setup` is asked for, read and checked before any server is touched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from windlass.config.model import Config
from windlass.config.spelling import check_email, check_public_key
from windlass.errors import UsageError
from windlass.facts.deploy_key import forge
from windlass.known_hosts import KnownHosts, written
from windlass.plans.setup.wishes import Wishes, check


def read_wishes(
    config: Config, keys: Sequence[str], *, database: bool, firewall: bool, tls: bool, email: str
) -> Wishes:
    """The wishes of somebody who knows the repository's server by their own known_hosts; `keys` are files.

    Raises UsageError for what cannot be read, is none of what it should be, or cannot be done with this config.
    """
    found = Wishes(_keys(keys), database, firewall, tls, _email(email), _forge_keys(config))
    check(config, found)
    return found


def _keys(files: Sequence[str]) -> tuple[str, ...]:
    """The lines of public key files. Raises UsageError for a file that cannot be read or holds something else."""
    found = []
    for name in files:
        try:
            lines = Path(name).expanduser().read_text("utf-8").splitlines()
            found += [check_public_key(line) for line in lines if line.strip()]
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise UsageError(
                f"--key {name}: {reason}; nothing was touched", hint="--key ~/.ssh/id_ed25519.pub"
            ) from None
    return tuple(found)


def _email(value: str) -> str:
    try:
        return check_email(value)
    except ValueError as error:
        raise UsageError(f"--email: {error}; nothing was touched") from None


def _forge_keys(config: Config) -> tuple[str, ...]:
    """The lines by which the operator's own known_hosts knows the repository's server."""
    place = forge(config.app.repository)
    if place is None:
        return ()
    files = [Path("~/.ssh/known_hosts").expanduser(), Path("/etc/ssh/ssh_known_hosts")]
    known = KnownHosts.read(files).entries
    return tuple(
        written(place.listed, entry.key).strip()
        for entry in known
        if not entry.marker and entry.matches(place.listed)
    )
