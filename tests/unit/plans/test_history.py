"""What the ledger says of releases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.made import kept, past, record, state, went_well, went_wrong
from windlass.layout import SLOTS
from windlass.plans.history import good, prunable

A, B, C, D = "0001-aaaaaaa", "0002-bbbbbbb", "0003-ccccccc", "0004-ddddddd"


def test_releases_went_live_in_the_order_of_the_ledger() -> None:
    records = [*went_well(A), *went_well(B, A), *went_wrong(C, B, "went-back"), *went_wrong(D, B)]
    assert past(records).lived == (A, B, C, B)


def test_a_run_that_changed_nothing_does_not_count_again() -> None:
    assert past([*went_well(A), *went_wrong(B, A), record("note"), *went_well(A, A)]).lived == (A,)


@pytest.mark.parametrize("outcome", ["failed", "went-back", "needs-person"])
def test_a_release_that_did_not_pass_is_bad(outcome: str) -> None:
    assert past([*went_well(A), *went_wrong(B, A, outcome)]).bad == {B}


@pytest.mark.parametrize("outcome", ["cancelled", "interrupted", "done"])
def test_a_release_that_was_not_tried_to_the_end_is_not(outcome: str) -> None:
    assert past([*went_well(A), *went_wrong(B, A, outcome)]).bad == set()


def test_a_release_that_was_rolled_away_from_is_bad() -> None:
    records = [*went_well(A), *went_well(B, A), *went_well(A, B, rolled_from=B)]
    assert past(records).bad == {B}


def test_a_bad_release_that_was_named_again_and_ended_well_is_good() -> None:
    records = [
        *went_well(A),
        *went_well(B, A),
        *went_well(A, B, rolled_from=B),
        *went_well(B, A, rolled_from=A),
    ]
    assert past(records).bad == {A}


@pytest.mark.parametrize("outcome", ["failed", "went-back", "needs-person"])
@pytest.mark.parametrize("said", [{"rolled_from": B}, {"what": "rollback"}, {"what": "restart"}])
def test_a_rollback_or_restart_that_failed_says_nothing_against_its_target(
    outcome: str, said: dict[str, Any]
) -> None:
    records = [*went_well(A), *went_well(B, A), *went_wrong(A, B, outcome, **said)]
    assert past(records).bad == set()
    assert past([*went_well(A), *went_wrong(B, A), *went_wrong(B, A, outcome, **said)]).bad == {B}


@pytest.mark.parametrize("outcome", ["failed", "went-back", "needs-person"])
def test_what_a_rollback_built_and_could_not_start_is_bad(outcome: str) -> None:
    built = went_wrong(C, B, outcome, what="rollback", rolled_from=B, subject="Third")
    assert past([*went_well(A), *went_well(B, A), *built]).bad == {C}


def test_a_rollback_to_what_is_live_already_does_not_make_it_bad() -> None:
    assert past([*went_well(A), *went_well(A, A, rolled_from=A)]).bad == set()


@pytest.mark.parametrize("outcome", ["failed", "went-back"])
def test_a_restart_that_failed_does_not_make_the_live_release_bad(outcome: str) -> None:
    assert past([*went_well(A), *went_wrong(A, A, outcome)]).bad == set()


def test_marks_are_told_oldest_first() -> None:
    marks = [record("stable", A), record("stable", B), record("stable"), record("end", C)]
    assert past(marks).stable == (A, B)


def test_good_is_kept_live_once_and_not_bad() -> None:
    records = (*went_well(A), *went_well(B, A), *went_wrong(C, B, "went-back"), *went_well(D, B))
    assert good(state(records=records, releases=kept(A, C, D, "0005-eeeeeee"))) == [A, D]


def test_the_newest_good_releases_are_kept() -> None:
    ids = [f"{number:04d}-{str(number) * 7}" for number in range(1, 9)]
    records = [entry for release in ids for entry in went_well(release)]
    seen = state(records=tuple(records), releases=kept(*ids), live=ids[-1])
    assert prunable(seen, keep=5, coming="0009-bbbbbbb") == ids[:4]
    assert len(prunable(seen, keep=2, coming="0009-bbbbbbb")) == 7


def test_builds_of_one_commit_count_once() -> None:
    """As deploys leave them that only changed the configuration."""
    ids = [A, B, "0003-bbbbbbb", "0004-bbbbbbb", "0005-bbbbbbb"]
    records = [entry for release in ids for entry in went_well(release)]
    seen = state(records=tuple(records), releases=kept(*ids), live=ids[-1])
    assert prunable(seen, keep=2, coming="0006-bbbbbbb") == [B, "0003-bbbbbbb", "0004-bbbbbbb"]
    assert prunable(seen, keep=2, coming="0006-ccccccc") == [A, B, "0003-bbbbbbb", "0004-bbbbbbb"]
    assert prunable(seen, keep=3, coming="0006-ccccccc") == [B, "0003-bbbbbbb", "0004-bbbbbbb"]


def test_those_marked_stable_are_kept_beside() -> None:
    ids = [A, B, C, D]
    records = [entry for release in ids for entry in went_well(release)]
    records += [record("stable", A), record("stable", B)]
    seen = state(records=tuple(records), releases=kept(*ids), live=D)
    assert prunable(seen, keep=2, coming="0006-eeeeeee") == [C]


def test_what_never_went_live_is_not_kept() -> None:
    seen = state(records=tuple(went_well(B)), releases=kept(A, B), live=B)
    assert prunable(seen, keep=5, coming=C) == [A]


IDS = [f"{number:04d}-{'abcdef'[number % 6] * 7}" for number in range(1, 13)]
RELEASE = st.sampled_from(IDS)
OUTCOMES = st.sampled_from(["done", "failed", "went-back", "needs-person", "cancelled", "interrupted"])
RECORDS = st.one_of(
    st.builds(lambda release, live: record("live", release, live), RELEASE, RELEASE),
    st.builds(
        lambda release, live, outcome: record("end", release, live, outcome=outcome),
        RELEASE,
        RELEASE,
        OUTCOMES,
    ),
    st.builds(
        lambda release, live, was: record("end", release, live, outcome="done", rolled_from=was),
        RELEASE,
        RELEASE,
        RELEASE,
    ),
    st.builds(lambda release: record("stable", release), RELEASE),
    st.dictionaries(st.sampled_from(["event", "live", "release"]), st.none() | st.integers() | st.text()),
)


@given(
    records=st.lists(RECORDS, max_size=30),
    here=st.sets(RELEASE),
    live=st.sampled_from(["", *IDS]),
    slots=st.tuples(st.sampled_from(["", *IDS]), st.sampled_from(["", *IDS])),
    keep=st.integers(2, 100),
    coming=RELEASE,
)
def test_pruning_never_takes_what_is_or_will_be_needed(
    records: list[Mapping[str, Any]],
    here: set[str],
    live: str,
    slots: tuple[str, str],
    keep: int,
    coming: str,
) -> None:
    seen = state(
        records=tuple(records),
        releases=kept(*sorted(here)),
        live=live,
        slots=dict(zip(SLOTS, slots, strict=True)),
    )
    gone = prunable(seen, keep=keep, coming=coming)
    assert set(gone) <= here
    assert not set(gone) & {live, coming, *slots}
    marked = [release for release in past(records).stable if release in here]
    assert not set(gone) & set(marked[-1:])
    of_commits = {release.partition("-")[2]: release for release in good(seen)}
    others = [release for commit, release in of_commits.items() if commit != coming.partition("-")[2]]
    assert not set(gone) & {*sorted(others)[-(keep - 1) :], *good(seen)[-1:]}
    left = here - set(gone)
    assert len(left) <= keep + len({live, coming, *slots, *marked[-keep:]})
