"""From a host's state to the rows that the tables of releases and of runs show."""

from __future__ import annotations

from collections.abc import Mapping

from windlass.facts.commits import Commit
from windlass.facts.state import Release, State
from windlass.ledger import UNFINISHED, last_live, runs, started_with
from windlass.plans.history import bad, stable, went_live
from windlass.report.rows import Deed, KeptRelease


def kept(
    host: str, state: State, commits: Mapping[str, Commit], sizes: Mapping[str, int]
) -> list[KeptRelease]:
    """One host's releases, newest first; `commits` by revision, `sizes` in bytes by release."""
    lived, wrong, marked = set(went_live(state.records)), bad(state.records), set(stable(state.records))
    times, envs = last_live(state.records), started_with(state.records)
    slots = {release: slot for slot, release in state.slots.items() if release}
    rows = []
    for release in reversed(state.releases):
        commit = commits.get(release.revision)
        verdict = "bad" if release.id in wrong else "good" if release.id in lived else ""
        rows.append(
            KeptRelease(
                host,
                release.id,
                release.revision,
                commit.subject if commit else _subject(state, release),
                times.get(release.id),
                live=release.id == state.live,
                slot=slots.get(release.id, ""),
                verdict=verdict,
                stable=release.id in marked,
                size=sizes.get(release.id),
                env=envs.get(release.id),
            )
        )
    return rows


def deeds(host: str, state: State) -> list[Deed]:
    """One host's runs, oldest first; the last one is said to run where its lock is held."""
    holder = state.lock.get("run") if state.lock.get("held") else None
    found = []
    for run in runs(state.records):
        outcome = "running" if run.outcome == UNFINISHED and run.id == holder else run.outcome
        found.append(
            Deed(
                host,
                run.at,
                run.who,
                run.what,
                outcome,
                run.release,
                run.was,
                run.seconds,
                run.reason,
                run.id,
                run.env,
            )
        )
    return found


def _subject(state: State, release: Release) -> str:
    known = (one.get("subject") for one in state.records if one.get("release") == release.id)
    return str(next((subject for subject in known if subject), ""))
