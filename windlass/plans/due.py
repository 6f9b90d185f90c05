"""What a `.env` asks of the app: a restart, a new build, a person's eye."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from windlass.config.model import Config
from windlass.facts.env import ServerEnv
from windlass.facts.state import State


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """The names of the variables that are not the same in both, in order."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


def stale(state: State, seen: ServerEnv) -> list[str]:
    """The variables that the live release was started without, or with other values, as far as that is known."""
    known = seen.kept(state.past.started_with.get(state.live))
    return differing(known.variables, seen.variables) if known else []


def due(
    config: Config, host: str, state: State, seen: ServerEnv, version: int | None, values: Mapping[str, str]
) -> tuple[str, str]:
    """What the live release lacks where `.env` is this version, and what to type for it; empty where nothing."""
    live = state.live
    built = seen.kept(state.past.built_with.get(live))
    prefixes = tuple(config.build.env_prefixes)
    compiled_in = (
        [name for name in differing(built.variables, values) if name.startswith(prefixes)] if built else []
    )
    if compiled_in:
        return (
            f"{live} was built with another {', '.join(compiled_in)}",
            f"fab deploy --force -H {host} builds it anew",
        )
    running = state.past.started_with.get(live)
    if running == version:
        return "", ""
    before = f"version {running}" if running else "an earlier one"
    return f"{live} still runs with {before}", f"fab restart -H {host} loses no request"


def remarks(config: Config, host: str, state: State, seen: ServerEnv) -> Iterator[str]:
    """What a person should look at in the `.env` of a host."""
    if seen.version is None:
        yield f"there is no .env yet: fab env.push FILE -H {host}"
        return
    if seen.version == 0:
        yield "it was made by hand on the server; the next deploy, restart or env.push keeps it as a version"
    if not seen.private:
        yield f"others on the server may read it: chmod 600 {config.layout.env_file}"
    absent = [name for name in config.shared.required if name not in seen.variables]
    if absent:
        yield f"{', '.join(absent)}: missing, and [shared] required names it"
    if state.live and state.stopped is None:
        said, hint = due(config, host, state, seen, seen.version, seen.variables)
        if said:
            yield f"{said}: {hint}"
