"""The ledger's records, joined into runs: whatever they hold, nothing raises."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.made import past
from windlass.ledger import UNFINISHED, Record, last_words, runs

LIVE_1 = {"slot": "green", "release": "0001-aaaaaaa", "revision": "a" * 40}
LIVE_2 = {"slot": "blue", "release": "0002-bbbbbbb", "revision": "b" * 40}


def record(event: str, second: int, run: str = "r1", **fields: Any) -> dict[str, Any]:
    at = f"2026-11-21T12:00:{second:02d}Z"
    return {"time": at, "event": event, "run": run, "who": "ana@laptop", "what": "deploy", **fields}


DEPLOY = [
    record("start", 0, release="0002-bbbbbbb", live=LIVE_1),
    record("live", 9, live=LIVE_2),
    record("end", 12, release="0002-bbbbbbb", outcome="done", live=LIVE_2),
]


def test_start_live_and_end_are_one_run() -> None:
    [run] = runs(DEPLOY)
    assert (run.outcome, run.release, run.was, run.live) == (
        "done",
        "0002-bbbbbbb",
        "0001-aaaaaaa",
        "0002-bbbbbbb",
    )
    assert (run.seconds, run.who, run.what) == (12.0, "ana@laptop", "deploy")
    assert run.at == datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_run_without_its_end_is_unfinished() -> None:
    [run] = runs(DEPLOY[:2])
    assert (run.outcome, run.seconds, run.release) == (UNFINISHED, None, "0002-bbbbbbb")


def test_the_last_words_are_of_the_newest_run_for_a_release() -> None:
    went = {"run": "1", "what": "deploy", "release": "0002-bbbbbbb"}
    ended = {"outcome": "went-back", "step": "soak", "reason": "the connection ended"}
    records: list[Record] = [
        {"event": "start", **went},
        {"event": "end", **went, **ended},
        {"event": "end", "run": "2", "what": "env.push", "outcome": "done"},
    ]
    assert last_words(records) == "deploy of 0002-bbbbbbb: went-back (soak: the connection ended)"
    assert last_words(records[:1]) == "deploy of 0002-bbbbbbb: unfinished"
    assert last_words([]) == ""


def test_how_long_an_interrupted_run_took_is_not_known() -> None:
    """Its end was written by whoever came next, perhaps days later."""
    [run] = runs([DEPLOY[0], record("end", 50, outcome="interrupted", live=LIVE_1)])
    assert (run.outcome, run.seconds) == ("interrupted", None)


def test_runs_that_overlap_in_the_file_are_told_apart() -> None:
    other = record("start", 1, run="r2", release="0003-ccccccc", live=LIVE_1)
    found = runs([DEPLOY[0], other, *DEPLOY[1:]])
    assert [(run.id, run.outcome) for run in found] == [("r1", "done"), ("r2", UNFINISHED)]


def test_a_failure_says_its_step_and_its_reason() -> None:
    [run] = runs(
        [DEPLOY[0], record("end", 3, outcome="failed", step="build", reason="exit code 1", live=LIVE_1)]
    )
    assert run.reason == "build: exit code 1"


def test_what_went_wrong_after_the_cutover_is_told_too() -> None:
    end = record("end", 3, outcome="done", live=LIVE_2, cut_short=True, warnings=["drain blue: too long"])
    assert runs([DEPLOY[0], end])[0].reason == "the watch was cut short; drain blue: too long"


def test_a_mark_stands_alone() -> None:
    mark = record("stable", 4, run="r1", what="mark-stable", release="0002-bbbbbbb")
    run = runs([*DEPLOY, mark])[-1]
    assert (run.outcome, run.what, run.release, run.was) == ("stable", "mark-stable", "0002-bbbbbbb", "")


def test_a_run_that_was_for_no_release_says_none_before_it() -> None:
    found = runs([record("start", 0, live=LIVE_1, what="maintenance.on"), record("end", 1, outcome="done")])
    assert (found[0].release, found[0].was) == ("", "")


def test_a_release_that_came_back_went_live_when_it_came_back() -> None:
    back = record("end", 30, run="r2", release="0001-aaaaaaa", outcome="done", live=LIVE_1)
    first = record("end", 0, run="r0", release="0001-aaaaaaa", outcome="done", live=LIVE_1)
    times = past([first, *DEPLOY, back]).went_live
    assert times == {
        "0001-aaaaaaa": datetime(2026, 11, 21, 12, 0, 30, tzinfo=UTC),
        "0002-bbbbbbb": datetime(2026, 11, 21, 12, 0, 9, tzinfo=UTC),
    }


def test_a_restart_or_a_failed_deploy_does_not_change_since_when_a_release_is_live() -> None:
    failed = record("end", 40, run="r2", release="0003-ccccccc", outcome="failed", live=LIVE_2)
    assert past([*DEPLOY, failed]).went_live["0002-bbbbbbb"] == datetime(2026, 11, 21, 12, 0, 9, tzinfo=UTC)


ANYTHING = st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text(), max_size=2), st.just(LIVE_1))
KEYS = st.sampled_from(
    ["event", "time", "run", "live", "release", "outcome", "step", "reason", "warnings", "who"]
)


@given(st.lists(st.dictionaries(KEYS, ANYTHING), max_size=6))
def test_records_of_any_shape_are_read(records: list[dict[str, Any]]) -> None:
    assert len(runs(records)) <= len(records)
    past(records)


def of_run(run: str, *events: str, env: int, outcome: str = "done", release: str = "0001-a") -> list[Record]:
    about = {"run": run, "env": env}
    known: dict[str, Record] = {
        "start": {"event": "start", "release": release, **about},
        "live": {"event": "live", "live": {"release": release}, **about},
        "end": {"event": "end", "release": release, "outcome": outcome, **about},
    }
    return [known[event] for event in events]


def test_a_release_runs_with_the_env_that_it_last_went_live_with() -> None:
    deploy = of_run("1", "start", "live", "end", env=1)
    assert past(deploy).started_with == {"0001-a": 1}
    assert past([*deploy, *of_run("2", "start", "end", env=2)]).started_with == {"0001-a": 2}
    other = of_run("2", "start", "live", "end", env=3, release="0002-b")
    assert past([*deploy, *other]).started_with == {"0001-a": 1, "0002-b": 3}


@pytest.mark.parametrize("outcome", ["failed", "cancelled", "went-back", "needs-person"])
def test_a_start_that_did_not_end_well_is_not_what_runs(outcome: str) -> None:
    deploy = of_run("1", "start", "live", "end", env=1)
    assert past([*deploy, *of_run("2", "start", "live", "end", env=2, outcome=outcome)]).started_with == {
        "0001-a": 1
    }


def test_an_interrupted_start_counts_once_it_was_live() -> None:
    deploy = of_run("1", "start", "live", "end", env=1)
    before = of_run("2", "start", "end", env=2, outcome="interrupted")
    after = of_run("2", "start", "live", "end", env=2, outcome="interrupted")
    assert past([*deploy, *before]).started_with == {"0001-a": 1}
    assert past([*deploy, *after]).started_with == {"0001-a": 2}


def test_a_release_is_built_with_the_env_of_its_first_run() -> None:
    records = [
        {"event": "end", "env": 9},
        *of_run("1", "start", "live", "end", env=1),
        *of_run("2", "start", "end", env=2),
    ]
    assert past(records).built_with.get("0001-a") == 1
    assert past(records).built_with.get("0002-b") is None
    assert past([{"event": "start", "release": "0001-a", "env": "a hash"}]).built_with.get("0001-a") is None
