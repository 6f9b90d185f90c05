"""From a host's state to the rows that the tables of releases and of runs show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from windlass.facts.commits import Commit
from windlass.facts.state import State
from windlass.ledger import UNFINISHED, Record, runs
from windlass.report.rows import Deed, KeptRelease


def kept(
    host: str, state: State, commits: Mapping[str, Commit], sizes: Mapping[str, int]
) -> list[KeptRelease]:
    """One host's releases, newest first; `commits` by revision, `sizes` in bytes by release."""
    past = state.past
    slots = {release: slot for slot, release in state.slots.items() if release}
    rows = []
    for release in reversed(state.releases):
        commit = commits.get(release.revision)
        verdict = "bad" if release.id in past.bad else "good" if release.id in past.lived else ""
        rows.append(
            KeptRelease(
                host,
                release.id,
                release.revision,
                commit.subject if commit else past.subjects.get(release.id, ""),
                past.went_live.get(release.id),
                live=release.id == state.live,
                slot=slots.get(release.id, ""),
                verdict=verdict,
                stable=release.id in past.stable,
                size=sizes.get(release.id),
                env=past.started_with.get(release.id),
            )
        )
    return rows


def deeds(host: str, records: Iterable[Record], holder: str | None) -> list[Deed]:
    """One host's runs, oldest first; `holder` is the run that holds the lock and so still runs, None for none."""
    found = []
    for run in runs(records):
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
