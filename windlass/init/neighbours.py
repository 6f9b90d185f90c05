"""Other apps of the same servers, whose ports are taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from windlass.address import parse_host
from windlass.config.files import apps, load
from windlass.errors import WindlassError
from windlass.init.setting import Entry, Setting, replaced, value_of

DEFAULT = [3000, 3001]


def beside_neighbours(entries: Sequence[Entry], folder: Path) -> list[Entry]:
    """The entries with two ports that no other configuration of the folder has on one of the hosts."""
    hosts = value_of(entries, "targets", "production", "hosts") or []
    taken = _taken(folder, str(value_of(entries, "app", "name")), hosts)
    wanted = value_of(entries, "web", "ports")
    owner = next((taken[port] for port in wanted or DEFAULT if port in taken), "")
    if not owner:
        return list(entries)
    first = next(port for port in range(DEFAULT[0], 65000, 2) if port not in taken and port + 1 not in taken)
    note = f"{', '.join(str(port) for port in wanted or DEFAULT)} are for {owner}, which has the same server."
    ports = Setting(("web", "ports"), [first, first + 1], note, check=wanted is not None)
    return replaced(entries, [ports])


def _taken(folder: Path, name: str, hosts: Iterable[str]) -> dict[int, str]:
    """The ports of the other apps that share a host, with whose they are."""
    places = {parse_host(host).place for host in hosts}
    found: dict[int, str] = {}
    try:
        names = apps(folder) if places else []
    except WindlassError:
        return found
    for other in names:
        try:
            config = load(folder, other)
        except WindlassError:
            continue  # `fab config.check` tells what is wrong with that one
        theirs = {parse_host(host).place for target in config.targets.values() for host in target.hosts}
        if other != name and places & theirs:
            found |= dict.fromkeys([*config.reserved("blue"), *config.reserved("green")], other)
    return found
