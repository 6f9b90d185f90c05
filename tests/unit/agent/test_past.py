"""The digest of the ledger's records: it says what they say, and does not grow with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.made import kept, record, state, went_well
from windlass.agent.past import LEFT, add, blank, number, pruned
from windlass.errors import Refused
from windlass.past import parse
from windlass.plans.history import good, prunable
from windlass.plans.rollback import previous
from windlass.plans.ways import brought, brought_by

IDS = [f"{number:04d}-{'abcdef'[number % 6] * 7}" for number in range(1, 9)]
RELEASE = st.sampled_from(IDS)
MIGRATIONS = st.lists(st.sampled_from(["1_init", "2_ports", "3_sails"]), max_size=2)
RECORDS = st.builds(
    lambda event, run, release, live, **fields: record(event, release, live, run=run, **fields),
    st.sampled_from(["start", "live", "end", "end", "end", "stable", "note"]),
    st.sampled_from(["r1", "r2", "r3"]),
    st.sampled_from(["", *IDS]),
    st.sampled_from(["", *IDS]),
    time=st.sampled_from([f"2026-11-21T12:00:{second:02d}Z" for second in range(60)]),
    outcome=st.sampled_from(["done", "done", "failed", "went-back", "needs-person", "interrupted"]),
    rolled_from=st.sampled_from(["", *IDS]),
    env=st.none() | st.integers(1, 5),
    migrations=MIGRATIONS,
    undone=MIGRATIONS,
    unrecovered=st.booleans(),
    revision=st.just("a" * 40),
    subject=st.sampled_from(["", "Begin", "Go on"]),
)


def digest(records: list[Mapping[str, Any]], before: dict[str, Any] | None = None) -> dict[str, Any]:
    found = before or blank()
    for one in records:
        add(found, dict(one))
    return found


def answers(found: dict[str, Any], here: set[str]) -> dict[str, Any]:
    """All that the plans ask of the past, on a server that keeps these releases."""
    past = parse({**found, "open": list(found["open"].values())})
    seen = state(past=past, releases=kept(*sorted(here)), env_version=9)
    numbers = [number(release) for release in here]
    return {
        "next": seen.next_number(),
        "good": good(seen),
        "bad": past.bad & here,
        "stable": [release for release in past.stable if release in here],
        "previous": {
            release: _previous(state(past=past, live=release, releases=seen.releases)) for release in here
        },
        "prunable": prunable(seen, keep=2, coming="0099-fffffff"),
        "went live": {release: past.went_live.get(release) for release in here},
        "started with": {release: past.started_with.get(release) for release in here},
        "built with": {release: past.built_with.get(release) for release in here},
        "subjects": {release: past.subjects.get(release) for release in here},
        "since": {at: {name for name, (by, _) in past.migrated.items() if by > at} for at in numbers},
        "known": {
            name: known for name, (by, known) in past.migrated.items() if by > min(numbers, default=99)
        },
        "undone": past.undone,
        "unfinished": past.unfinished,
        "brought": brought(past.deploys),
        "deploys": brought_by(past.deploys, ["1_init", "2_ports", "3_sails"]),
        "env": found["env"],
    }


def _previous(of: Any) -> str:
    try:
        return previous(of).id
    except Refused:
        return ""


@given(
    before=st.lists(RECORDS, max_size=25),
    after=st.lists(RECORDS, max_size=8),
    here=st.sets(RELEASE),
)
def test_a_digest_with_what_came_later_says_what_all_records_say(
    before: list[Mapping[str, Any]], after: list[Mapping[str, Any]], here: set[str]
) -> None:
    whole = digest([*before, *after])
    told = json.loads(json.dumps(pruned(digest(before), here)))
    assert answers(digest(after, told), here) == answers(whole, here)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from([*record("end", "x", env=1), "run", "migrations", "undone", "time"]),
            st.none()
            | st.integers()
            | st.text()
            | st.lists(st.text() | st.integers())
            | st.just({"release": 7}),
        ),
        max_size=9,
    )
)
def test_records_of_any_shape_are_digested(records: list[dict[str, Any]]) -> None:
    found = pruned(digest(list(records)), IDS)
    parse({**found, "open": list(found["open"].values())})


def years(count: int) -> list[Mapping[str, Any]]:
    """So many deploys with a migration each, as many that failed, and backups in between."""
    records: list[Mapping[str, Any]] = []
    before = ""
    for place in range(1, count + 1):
        release, run = f"{2 * place:06d}-{place:07x}", f"r{place}"
        about = {
            "run": run,
            "revision": f"{place:040x}",
            "was": before,
            "migrations": [f"{place}_m"],
            "env": place,
        }
        records += [record("start", release, before, **about), record("live", "", release, run=run)]
        records += [record("end", release, release, outcome="done", subject="x" * 300, **about)]
        for run, outcome in (("f", "failed"), ("b", "done")):
            named = f"{2 * place + 1:06d}-{place:07x}" if run == "f" else ""
            again = {"run": f"{run}{place}", "migrations": ["9_never"] if named else []}
            records += [record("start", named, release, **again)]
            records += [record("end", named, release, outcome=outcome, **again)]
        before = release
    return records


def test_a_digest_is_no_larger_after_many_years_than_after_some() -> None:
    def size(count: int) -> int:
        records = years(count)
        here = [str(one["release"]) for one in records if one.get("outcome") == "done" and one.get("release")]
        return len(json.dumps(pruned(digest(records), here[-5:])))

    some, many = size(1_500), size(6_000)
    assert many < some * 1.02
    assert many < 400_000


def test_of_releases_that_came_and_went_often_the_order_is_kept_not_the_times() -> None:
    lived = [release for _ in range(500) for release in IDS[:3]]
    found = digest([one for release in lived for one in went_well(release)])
    assert len(found["lived"]) == 1500
    assert len(pruned(found, IDS)["lived"]) < 10


def test_a_run_that_ended_is_not_unfinished() -> None:
    records = [{"event": "start", "run": "a"}, {"event": "live", "run": "a"}, {"event": "end", "run": "a"}]
    assert list(digest(records[:2])["open"].values()) == records[:1]
    assert digest(records)["open"] == {}
    assert digest([*records, {"event": "start", "run": "b"}])["open"] == {"b": {"event": "start", "run": "b"}}


def test_a_run_that_could_not_be_put_right_is_not_finished_until_it_is() -> None:
    failed = {"event": "end", "run": "a", "outcome": "needs-person", "unrecovered": True}
    records = [{"event": "start", "run": "a"}, failed]
    assert list(digest(records)["open"].values()) == [failed]
    assert digest([*records, {"event": "end", "run": "a"}])["open"] == {}


def test_of_runs_that_were_never_put_right_the_newest_are_known() -> None:
    found = pruned(digest([{"event": "start", "run": f"r{place}"} for place in range(2 * LEFT)]), ())
    assert list(found["open"]) == [f"r{place}" for place in range(LEFT, 2 * LEFT)]


def test_a_number_is_what_a_releases_name_begins_with() -> None:
    names = ["0041-fffffff", "0041", "10000-e", "x", "", "²-a", "0041x", "9" * 30]
    assert [number(name) for name in names] == [41, 41, 10000, 0, 0, 0, 0, 0]
