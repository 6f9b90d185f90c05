"""Which hosts a command is for: `-H`, else a target's; never the machine it is typed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from windlass.address import HostSpec, parse_host
from windlass.errors import UsageError
from windlass.near import did_you_mean

Targets = Mapping[str, Sequence[str]]
"""Hosts as an operator writes them, by the name of the target that they make up."""


def resolve_hosts(
    app: str, targets: Targets, hosts: str | None, target: str | None
) -> tuple[list[HostSpec], str | None]:
    """The hosts in the order given, and the target that they belong to (None: none, or more than one).

    `hosts` is `-H` as typed, `target` is `--target`. Raises UsageError where that names no host, a host
    twice with different users, or a target that the app lacks.
    """
    if target is not None and target not in targets:
        raise _unknown_target(app, targets, target)
    if hosts is not None:
        specs = parse_hosts(hosts)
        return specs, target or _target_of(targets, specs)
    chosen = target or _only_target(app, targets)
    return [parse_host(host) for host in targets[chosen]], chosen


def parse_hosts(text: str, *, option: str = "-H") -> list[HostSpec]:
    """The hosts of a comma-separated list; one that is written twice counts once. `option` is what it was typed for."""
    hint = f"fab … {option} [user@]host[:port][,…]"
    if not text.strip():
        raise UsageError(f"{option} is empty", hint=hint)
    found: dict[tuple[str, int], HostSpec] = {}
    for piece in text.split(","):
        try:
            spec = parse_host(piece.strip())
        except ValueError as error:
            raise UsageError(f"{option} {text}: {error}", hint=hint) from None
        known = found.setdefault(spec.place, spec)
        if known.user != spec.user:
            raise UsageError(
                f"{option} names one host twice, as {known.name} and {spec.name}", hint="keep one of them"
            )
    return list(found.values())


def _target_of(targets: Targets, specs: list[HostSpec]) -> str | None:
    places = {spec.place for spec in specs}
    owners = [
        name for name, written in targets.items() if places <= {parse_host(host).place for host in written}
    ]
    return owners[0] if len(owners) == 1 else None


def _only_target(app: str, targets: Targets) -> str:
    names = list(targets)
    if len(names) == 1:
        return names[0]
    if names:
        raise UsageError(
            f"no host: {app} has {len(names)} targets ({', '.join(names)})",
            hint=f"choose one with --target {names[0]}, or name hosts with -H [user@]host",
        )
    raise UsageError(
        f"no host: none was named, and {app} has no target",
        hint=f"name one with -H [user@]host, or add [targets.production] to {app}.toml",
    )


def _unknown_target(app: str, targets: Targets, target: str) -> UsageError:
    names = ", ".join(targets) or "none"
    return UsageError(
        f"{app} has no target {target!r}{did_you_mean(target, targets)}",
        hint=f"its targets: {names}",
    )
