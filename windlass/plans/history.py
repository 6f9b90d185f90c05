"""What the past says of kept releases: which are good, which are too old."""

from __future__ import annotations

from windlass.facts.state import State


def good(state: State) -> list[str]:
    """The kept releases that were live and are not bad, oldest first by their number."""
    good = set(state.past.lived) - state.past.bad
    return [kept.id for kept in state.releases if kept.id in good]


def env_differs(state: State, release: str) -> bool:
    """Whether `.env` is another one now than the release last went live with, as far as that is known."""
    known = state.past.started_with.get(release)
    return known is not None and state.env_version is not None and known != state.env_version


def env_now(state: State) -> str:
    """Which `.env` there is, in words."""
    if state.env_version is None:
        return "none"
    return f"version {state.env_version}" if state.env_version else "edited by hand"


def prunable(state: State, *, keep: int, coming: str) -> list[str]:
    """The releases to remove once `coming` is live: all but the newest good build of each of `keep` commits.

    Never the live one, the one on the other slot, the newest good one, or as many of those marked stable.
    """
    marked = [release for release in state.past.stable if state.release(release)]
    held = {state.live, coming, *state.slots.values(), *marked[-keep:], *_of_commits(state, keep, coming)}
    return [kept.id for kept in state.releases if kept.id not in held]


def _of_commits(state: State, keep: int, coming: str) -> list[str]:
    """The newest good build of each of the newest commits, `coming`'s among them, and the newest of all."""
    revisions = {kept.id: kept.revision for kept in state.releases}
    own = coming.partition("-")[2]
    commits: set[str] = set()
    found: list[str] = []
    for release in reversed(good(state)):
        revision = revisions[release]
        anew = revision not in commits and not (own and revision.startswith(own))
        if (anew and len(commits) < keep - 1) or not found:
            found.append(release)
        if anew:
            commits.add(revision)
    return found
