"""What the ledger says of releases: which were live, which are good, what is too old."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from windlass.facts.state import State
from windlass.ledger import live_release, started_with


def went_live(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """The releases that visitors got, oldest first, each as often as it came to be live."""
    seen: list[str] = []
    for record in records:
        release = live_release(record)
        if record.get("event") in ("live", "end") and release and (not seen or seen[-1] != release):
            seen.append(release)
    return seen


def bad(records: Iterable[Mapping[str, Any]]) -> set[str]:
    """The releases that were rolled away from, went back by themselves or never passed their gate.

    One that was named again and ended well is good again; one to which a rollback failed, or whose restart or resume
    did, is what it was.
    """
    found: set[str] = set()
    for record in records:
        if record.get("event") != "end":
            continue
        release, outcome = str(record.get("release", "")), record.get("outcome")
        if outcome == "needs-person" or (
            outcome in ("failed", "went-back") and live_release(record) != release
        ):
            if not _started_again(record):
                found.add(release)
        elif outcome == "done":
            found -= {release}
            found |= {str(record.get("rolled_from", ""))} - {release}
    return found - {""}


def _started_again(record: Mapping[str, Any]) -> bool:
    """Whether the run was for a release that was built before; a rollback that builds has a subject, as a deploy."""
    what = str(record.get("what", "")).partition(" ")[0]
    return "subject" not in record and ("rolled_from" in record or what in ("rollback", "restart"))


def stable(records: Iterable[Mapping[str, Any]]) -> list[str]:
    """The releases marked stable, oldest first."""
    return [
        str(record["release"])
        for record in records
        if record.get("event") == "stable" and record.get("release")
    ]


def good(state: State) -> list[str]:
    """The kept releases that were live and are not bad, oldest first by their number."""
    lived, wrong = set(went_live(state.records)), bad(state.records)
    return [kept.id for kept in state.releases if kept.id in lived and kept.id not in wrong]


def env_differs(state: State, release: str) -> bool:
    """Whether `.env` is another one now than the release last went live with, as far as that is known."""
    known = started_with(state.records).get(release)
    return known is not None and state.env_version is not None and known != state.env_version


def env_now(state: State) -> str:
    """Which `.env` there is, in words."""
    if state.env_version is None:
        return "none"
    return f"version {state.env_version}" if state.env_version else "edited by hand"


def prunable(state: State, *, keep: int, coming: str) -> list[str]:
    """The releases to remove once `coming` is live: all but the newest `keep` good ones.

    Never the live one, the one on the other slot, or the newest stable one.
    """
    marked = [release for release in stable(state.records) if state.release(release)]
    held = {state.live, coming, *state.slots.values(), *marked[-1:], *good(state)[-(keep - 1) :]}
    return [kept.id for kept in state.releases if kept.id not in held]
