"""The demo is honest: what visitors would have noticed is a failure of the demo."""

from __future__ import annotations

import pytest

from windlass.demo.account import Answers, Failure, Report
from windlass.demo.acts import ACTS, Act
from windlass.demo.verdict import NotAsPromised, Performed, counted, verdict

VERSIONS = {"good": "a" * 40, "better": "b" * 40, "broken": "c" * 40}
PAGE = Failure(12.0, "/", "status 503", page=True)
DEPLOY, BROKEN, STOP = ACTS[0], ACTS[2], ACTS[4]


def performed(act: Act, *failures: Failure, code: int | None = None, **seen: float) -> Performed:
    """An act that began 10 s after the load, with the moments at which versions first answered."""
    releases = {VERSIONS[name]: Answers(1, at, at) for name, at in seen.items()}
    visitors = Report(requests=100, failures=list(failures), releases=releases)
    return Performed(act, int(act.ends) if code is None else code, 10.0, 5.0, visitors)


def test_all_well_is_told_with_its_numbers() -> None:
    text = verdict([performed(DEPLOY, good=12), performed(STOP, PAGE, good=10)], VERSIONS)
    assert text.startswith("200 requests, and none failed: 1 ")


def test_a_failed_request_fails_the_demo_and_is_named() -> None:
    lost = Failure(11.5, "/style.css", "reset")
    with pytest.raises(NotAsPromised, match=r"(?s)1 of 100 requests failed.*/style.css  reset"):
        verdict([performed(DEPLOY, lost, good=12)], VERSIONS)


def test_the_maintenance_page_is_a_failure_where_nobody_asked_for_it() -> None:
    with pytest.raises(NotAsPromised, match="1 of 100 requests failed"):
        verdict([performed(DEPLOY, PAGE, good=12)], VERSIONS)


def test_another_503_is_a_failure_during_a_stop_too() -> None:
    with pytest.raises(NotAsPromised, match="1 of 100 requests failed"):
        verdict([performed(STOP, Failure(12.0, "/", "status 503"), good=10)], VERSIONS)


def test_a_command_that_ends_otherwise_than_promised_fails_the_demo() -> None:
    with pytest.raises(NotAsPromised, match="deploy ended with 0 instead of 1"):
        verdict([performed(BROKEN, code=0, better=10)], VERSIONS)


def test_a_broken_version_that_answers_fails_the_demo() -> None:
    with pytest.raises(NotAsPromised, match="the broken version answered visitors"):
        verdict([performed(BROKEN, better=10, broken=12)], VERSIONS)


def test_without_visitors_nothing_is_proven() -> None:
    nobody = Performed(DEPLOY, 0, 10.0, 5.0, Report())
    with pytest.raises(NotAsPromised, match="no visitor came"):
        verdict([nobody], VERSIONS)


def test_live_in_is_when_the_first_visitor_saw_what_the_act_brought() -> None:
    first, better, broken, stop = counted(
        [
            performed(DEPLOY, good=14.5),
            performed(ACTS[1], good=10, better=13),
            performed(BROKEN, better=10.01),
            performed(STOP, PAGE, better=10.01),
        ],
        VERSIONS,
    )
    assert (first.after, first.seen) == (4.5, ("good",))
    assert (better.after, better.seen) == (3.0, ("good", "better"))
    assert (broken.after, broken.seen) == (None, ("better",))
    assert (stop.after, stop.seen) == (2.0, ("better", "the page"))
    assert (stop.page, stop.failed) == (1, 0)
