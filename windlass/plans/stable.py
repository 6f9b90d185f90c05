"""Marking a release as one to go back to."""

from __future__ import annotations

from windlass.errors import Refused
from windlass.facts.state import Release, State
from windlass.plans.rollback import kept_for
from windlass.shell import quote


def chosen(host: str, state: State, named: str | None) -> Release:
    """The release to mark: the live one, or the one named by its id or its commit.

    Raises Refused where nothing is live, where it is not kept, or where the live one is bad and not named.
    """
    if named is not None:
        found = state.release(named) or kept_for(state, named.lower())
        if found is None:
            raise Refused(
                f"{host} keeps no release {named}; nothing was marked",
                hint=f"fab releases -H {host} lists what is kept",
            )
        return found
    live = state.release(state.live)
    if live is None:
        raise Refused(f"{host}: nothing is live; nothing was marked", hint=f"fab deploy -H {host}")
    if live.id in state.past.bad:
        raise Refused(
            f"{host}: {live.id} is live, but marked bad; nothing was marked",
            hint=f"fab history -H {host} says why; fab mark-stable --release {quote(live.id)} marks it all the same",
        )
    return live


def is_marked(state: State, release: Release) -> bool:
    """Whether it is the newest stable release already."""
    return state.past.stable[-1:] == (release.id,)
